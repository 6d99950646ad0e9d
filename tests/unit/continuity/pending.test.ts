import { deepStrictEqual } from "assert";
import { pendingCreations } from "../../continuity/state/pending";

const ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
const attachment = (role: string) => ({ urn: "urn", type: ATTACHMENT, inputs: { role, policyArn: "policy" } });
const pending = (type: string, role: string) => ({ type, resource: attachment(role) });

describe("what a killed engine left half done", () => {
    it("is what was being made, of the type asked for", () => {
        const state = {
            pending_operations: [
                pending("creating", "a"),
                pending("deleting", "b"),
                { type: "creating", resource: { urn: "urn", type: "aws:iam/role:Role", inputs: { name: "a" } } },
            ],
        };
        deepStrictEqual(pendingCreations(state, ATTACHMENT), [{ role: "a", policyArn: "policy" }]);
    });

    it("is not what a later update has created, which the engine knows", () => {
        const state = {
            resources: [attachment("a"), { ...attachment("b"), type: "another" }],
            pending_operations: [pending("creating", "a"), pending("creating", "b")],
        };
        deepStrictEqual(pendingCreations(state, ATTACHMENT), [{ role: "b", policyArn: "policy" }]);
    });

    it("is nothing in a stack that has just begun", () => {
        deepStrictEqual(pendingCreations({}, ATTACHMENT), []);
    });
});
