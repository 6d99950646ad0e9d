import { deepStrictEqual, equal } from "node:assert/strict";
import { ProviderClient, Properties } from "../../../providerClient";
import { rejectsWith } from "./rejectsWith";
import { unique } from "./prerequisites";
import { useScriptedProvider } from "./useScriptedProvider";

const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const https = { protocol: "tcp", fromPort: 443, toPort: 443 };

describe("the stand-in of the AWS provider does as the real one with a security group", () => {
    const { started, make } = useScriptedProvider();
    let provider: ProviderClient;
    before(() => ({ provider } = started()));

    const makeGroup = (more: Properties = {}) => make(GROUP, { name: unique("group"), ...more });

    it("takes back what AWS lets out of a new group, unless the program says so too", async () => {
        deepStrictEqual((await makeGroup()).state["egress"], []);
        const all = { protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] };
        const [rule] = (await makeGroup({ egress: [all] })).state["egress"] as Properties[];
        deepStrictEqual({ ...rule, ...all }, rule);
    });

    it("gathers what has protocol, ports and description in common, and sees no change in how a program splits it", async () => {
        const split = ["10.1.0.0/16", "10.2.0.0/16"].map((cidr) => ({ ...https, cidrBlocks: [cidr] }));
        const { state, inputs } = await makeGroup({ ingress: split });
        deepStrictEqual(
            (state["ingress"] as Properties[]).map(({ cidrBlocks }) => cidrBlocks),
            [["10.1.0.0/16", "10.2.0.0/16"]],
        );
        deepStrictEqual((await provider.diff(GROUP, state, inputs)).changes, {});
    });

    it("revokes its rules before the delete with revokeRulesOnDelete", async () => {
        const { id, state, inputs } = await makeGroup({
            ingress: [{ ...https, self: true }],
            revokeRulesOnDelete: true,
        });
        await provider.delete(GROUP, id, state);
        equal((await provider.read(GROUP, id, state, inputs)).id, "");
    });

    it("refuses ports together with all protocols", async () => {
        const rule = { protocol: "all", fromPort: 443, toPort: 443, self: true };
        await rejectsWith(
            makeGroup({ ingress: [rule] }),
            /updating Security Group \(sg-\w+\) ingress rules: from_port \(443\) and to_port \(443\) must both be 0 to use/,
        );
    });

    for (const [property, value, reason] of [
        ["name", "sg-own", "cannot begin with sg-"],
        ["namePrefix", "sg-", "cannot begin with sg-"],
        ["description", "x".repeat(256), `expected length to be in the range (0 - 255), got ${"x".repeat(256)}`],
    ] as const) {
        it(`refuses a ${property} that AWS refuses, by its property`, async () => {
            const { failures } = await provider.check(GROUP, { [property]: value });
            deepStrictEqual(failures, { [property]: reason });
        });
    }
});
