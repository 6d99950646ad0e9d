import { equal, match, notEqual, throws } from "node:assert/strict";
import { autoName, namePrefixFromName, prefixedUniqueId, UNIQUE_ID_LENGTH } from "../../../awsProvider/bridge/autoName";

const request = { logicalName: "cni", maxLength: 64, randomSeed: Buffer.from("seed") };

describe("an automatic name", () => {
    it("is the logical name and seven hex digits that follow from the seed", () => {
        match(autoName(request), /^cni-[0-9a-f]{7}$/);
        equal(autoName(request), autoName(request));
        notEqual(autoName(request), autoName({ ...request, randomSeed: Buffer.from("other") }));
    });

    it("is random without a seed", () => {
        const unseeded = { ...request, randomSeed: Buffer.alloc(0) };
        match(autoName(unseeded), /^cni-[0-9a-f]{7}$/);
        notEqual(autoName(unseeded), autoName(unseeded));
    });

    it("may be just as long as the service allows", () => {
        equal(autoName({ ...request, logicalName: "r".repeat(56) }).length, 64);
    });

    it("is an error, not cut, when it would be longer", () => {
        const message = `name '${"r".repeat(57)}-' plus 7 random chars is longer than maximum length 64`;
        throws(() => autoName({ ...request, logicalName: "r".repeat(57) }), { message });
    });

    it("is the engine's own when the engine enforces it", () => {
        equal(autoName({ ...request, autonaming: { mode: "enforce", proposedName: "theirs" } }), "theirs");
    });

    it("is what the engine proposes, if that is short enough", () => {
        equal(autoName({ ...request, autonaming: { mode: "propose", proposedName: "theirs" } }), "theirs");
        const proposedName = "n".repeat(65);
        const message = `calculated name '${proposedName}' exceeds maximum length of 64`;
        throws(() => autoName({ ...request, autonaming: { mode: "propose", proposedName } }), { message });
    });

    it("is refused when the engine disables it", () => {
        const message = "automatic naming is disabled but no explicit name was provided";
        throws(() => autoName({ ...request, autonaming: { mode: "disable", proposedName: "" } }), { message });
    });
});

describe("a name from a prefix", () => {
    it("has a time and a counter, and shows its prefix again", () => {
        const name = prefixedUniqueId("nodes-", new Date("2026-03-04T05:06:07.089Z"));
        match(name, /^nodes-202603040506070890[0-9a-f]{8}$/);
        equal(name.length, "nodes-".length + UNIQUE_ID_LENGTH);
        equal(namePrefixFromName(name), "nodes-");
        notEqual(prefixedUniqueId("nodes-"), prefixedUniqueId("nodes-"));
    });

    it("is not seen in a name that was given whole", () => {
        equal(namePrefixFromName("nodes-2026"), "");
    });
});
