/** Other ways in which EKS gives aws-node a role. */
import { AttachRolePolicyCommand } from "@aws-sdk/client-iam";
import * as assert from "node:assert";
import { CNI_POLICY, iamClient, NODE_ROLE, type Stage } from "../stage";
import { roleOfAnotherOwner } from "./roleOfAnotherOwner";
import { noGaps, type Scenario } from "./scenario";

const REFUSED = /\[add-on-owns-the-role\].*role\/of-the-add-on/s;

const nodeRoleHoldsPolicy = (stage: Stage) =>
    stage.currentRoles()[NODE_ROLE]?.attachedPolicyArns.includes(CNI_POLICY) ?? false;

/** Every pod carries a role that is not the program's, and the node role has lost the policy. */
async function assertHandedOverTo(stage: Stage, roleArn: string): Promise<void> {
    await stage.settled();
    const { pods } = await stage.now();
    assert.deepStrictEqual([...new Set(pods.map((pod) => pod.roleArn))], [roleArn], "pods without the role");
    assert.ok(!nodeRoleHoldsPolicy(stage), "the node role still holds the policy");
    await stage.scaleUp();
}

const addOnWithAnotherRole: Scenario = {
    name: "add-on-with-another-role",
    title: "existingRoleArn without clusterName, and the managed add-on has another role: refused, and when a repair would detach",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const existingRoleArn = await roleOfAnotherOwner(stage, "theirs");
        const addOnRoleArn = await roleOfAnotherOwner(stage, "of-the-add-on");
        await stage.recordStateBefore();
        const pods = await stage.pods();
        await stage.setAddOnRole(addOnRoleArn);
        const args = stage.arguments({ clusterName: undefined, existingRoleArn });
        await stage.fails("up", args, REFUSED);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted before the refusal");
        assert.ok(nodeRoleHoldsPolicy(stage), "the policy was detached from the node role");

        // The way out of the message: the role is removed from the add-on, while the node role holds the policy.
        await stage.setAddOnRole();
        await stage.succeeds("up", args);
        await assertHandedOverTo(stage, existingRoleArn);

        // A repair detaches on its own: the credential guard's preflight does not run before it.
        await stage.setAddOnRole(addOnRoleArn);
        await iamClient(stage.sandbox).send(
            new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: CNI_POLICY }),
        );
        await stage.succeeds("refresh", args);
        await stage.fails("up", args, REFUSED);
        assert.ok(nodeRoleHoldsPolicy(stage), "the policy was detached from the node role");
        await stage.setAddOnRole();
        await stage.succeeds("up", args);
        await assertHandedOverTo(stage, existingRoleArn);
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

export const deliveries = [addOnWithAnotherRole];
