import { deepStrictEqual } from "assert";
import { nodeGroupHasLaunchTemplate as rule } from "../../../policies/nodeGroupHasLaunchTemplate";
import { UNKNOWN_OBJECT, violations } from "./support/run";
import { nodeGroup } from "./support/stacks";

describe("node-group-keeps-pods-from-the-node-role", () => {
    it("is content with a launch template, known or not", async () => {
        deepStrictEqual(await violations(rule, [nodeGroup()]), []);
        deepStrictEqual(await violations(rule, [nodeGroup({ props: { launchTemplate: UNKNOWN_OBJECT } })]), []);
    });

    it("refuses none", async () => {
        deepStrictEqual(await violations(rule, [nodeGroup({ props: {} })]), [
            "group: The node group has no launch template, so pods on its nodes can use the node role's credentials. " +
                "Add one with metadataOptions: httpTokens required, httpPutResponseHopLimit 1.",
        ]);
    });
});
