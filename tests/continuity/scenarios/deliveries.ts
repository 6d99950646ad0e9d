/** Other ways in which EKS gives aws-node a role. */
import { AttachRolePolicyCommand } from "@aws-sdk/client-iam";
import * as assert from "node:assert";
import { CNI_POLICY, iamClient, NODE_ROLE, type Stage } from "../stage";
import { roleOfAnotherOwner } from "./roleOfAnotherOwner";
import { noGaps, type Scenario } from "./scenario";

const REFUSED = /\[add-on-owns-the-role\].*role\/of-the-add-on/s;

async function assertNodeRoleHoldsPolicy(stage: Stage): Promise<void> {
    const { roles } = (await stage.now()).iam;
    assert.ok(roles[NODE_ROLE]?.attachedPolicyArns.includes(CNI_POLICY), "the policy was detached from the node role");
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
        const setRole = await stage.installAddOn(addOnRoleArn);
        const args = stage.arguments({ clusterName: undefined, existingRoleArn });
        await stage.fails("up", args, REFUSED);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted before the refusal");
        await assertNodeRoleHoldsPolicy(stage);

        // The way out of the message: the role is removed from the add-on, while the node role holds the policy.
        await setRole();
        await stage.succeeds("up", args);
        await stage.assertHandedOver();

        // A repair detaches on its own: the credential guard's preflight does not run before it.
        await setRole(addOnRoleArn);
        await iamClient(stage.sandbox).send(
            new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: CNI_POLICY }),
        );
        await stage.succeeds("refresh", args);
        await stage.fails("up", args, REFUSED);
        await assertNodeRoleHoldsPolicy(stage);
        await setRole();
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

export const deliveries = [addOnWithAnotherRole];
