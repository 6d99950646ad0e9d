import assert from "node:assert/strict";
import type { Container } from "../../../identityWebhook/pod";
import { outcomeOf } from "../../patchOutcome";

const patchOf = (container: Partial<Container>, label = "enabled") => [
    { op: "add" as const, path: "/metadata/labels/a", value: label },
    { op: "add" as const, path: "/spec/containers", value: [{ name: "main", ...container }] },
];

describe("the outcome of a patch", () => {
    it("tells whether a mount is read-only", () => {
        const mount = { name: "token", mountPath: "/token" };
        const mounts = [{ volumeMounts: [mount] }, { volumeMounts: [{ ...mount, readOnly: true }] }].map(
            (container) => outcomeOf(patchOf(container)).containers["main"]?.mounts,
        );
        assert.deepEqual(mounts, [{ token: "/token" }, { token: "/token:ro" }]);
    });

    it("tells the value of the label", () =>
        assert.deepEqual(outcomeOf(patchOf({}, "other")).label, { at: "/metadata/labels/a", value: "other" }));

    it("is none if a variable is there twice", () => {
        const env = ["1", "2"].map((value) => ({ name: "A", value }));
        assert.throws(() => outcomeOf(patchOf({ env })), /^Error: the patch has twice: A$/);
    });
});
