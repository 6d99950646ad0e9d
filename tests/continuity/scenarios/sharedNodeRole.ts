/**
 * A node role that another cluster uses as well. That cluster consists of an instance with its tags, and the runs of its stack of the writes to the
 * node role that they make.
 */
import { AttachRolePolicyCommand, DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import { launchInstance } from "local-eks";
import * as assert from "node:assert";
import type { ComponentArguments } from "../engine/program";
import { CNI_POLICY, ec2Client, iamClient, NODE_ROLE, type Stage } from "../stage";
import { noGaps, type Scenario } from "./scenario";

const OTHER = "another";
const POLICY = { RoleName: NODE_ROLE, PolicyArn: CNI_POLICY };

/** Returns the ARN of the other cluster, whose first node runs from now on. */
async function anotherCluster({ sandbox }: Stage): Promise<string> {
    await launchInstance(ec2Client(sandbox), { clusterName: OTHER, instanceProfile: NODE_ROLE });
    return `arn:aws:eks:${sandbox.region}:111122223333:cluster/${OTHER}`;
}

/** The run of the other cluster's stack that hands back. */
const otherHandsBack = ({ sandbox }: Stage) => iamClient(sandbox).send(new AttachRolePolicyCommand(POLICY));

/** The run of the other cluster's stack that detaches. */
const otherDetaches = ({ sandbox }: Stage) => iamClient(sandbox).send(new DetachRolePolicyCommand(POLICY));

function assertHolds(stage: Stage, isAttached: boolean, what: string): void {
    const { attachedPolicyArns = [] } = stage.currentRoles()[NODE_ROLE] ?? {};
    assert.strictEqual(attachedPolicyArns.includes(CNI_POLICY), isAttached, what);
}

const remaining = (stage: Stage) => (stage.outputs()["remainingSteps"] as readonly string[]).join("\n");

/** Every pod carries the role under an injection guard, and the node role holds the policy. */
async function assertLeftForLater(stage: Stage, code: RegExp): Promise<void> {
    await stage.settled();
    const { pods, admissionPolicies } = await stage.now();
    assert.deepStrictEqual([...new Set(pods.map(({ roleArn }) => roleArn))], [stage.outputs()["roleArn"]]);
    assert.ok(admissionPolicies.length > stage.before.admissionPolicies.length, "there is no injection guard");
    assertHolds(stage, true, "the shared role has lost the policy");
    assert.match(remaining(stage), code);
}

/** The hand-over, and then the detachment. Returns the arguments of the last update. */
async function handOverLast(stage: Stage, arn: string): Promise<ComponentArguments> {
    await stage.succeeds("up", stage.arguments());
    const named = stage.arguments({ handedOverClusterArns: [arn] });
    await stage.succeeds("up", named);
    await stage.assertHandedOver();
    assert.strictEqual(remaining(stage), "");
    return named;
}

const leftForLater: Scenario = {
    name: "shared-node-role",
    title: "another cluster uses the node role too: all but the detachment, which follows once that cluster is named; then back",
    quick: true,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const arn = await anotherCluster(stage);
        await stage.succeeds("up", stage.arguments());
        await assertLeftForLater(
            stage,
            new RegExp(`^\\[node-role-shared\\] ${NODE_ROLE} keeps ${CNI_POLICY}\\..* ${arn} `),
        );
        const pods = await stage.pods();
        const named = stage.arguments({ handedOverClusterArns: [arn] });
        await stage.succeeds("up", named);
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted by the detachment");
        const { output } = await stage.succeeds("destroy", named);
        assert.match(
            output,
            new RegExp(`warning: from now on the pods of this cluster need the node role ${NODE_ROLE}`),
        );
        await stage.assertAsBefore();
    },
};

const returned: Scenario = {
    name: "shared-node-role-returned",
    title: "the other cluster hands back: its policy stays, until it is named again after an update without it",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const arn = await anotherCluster(stage);
        const named = await handOverLast(stage, arn);
        const pods = await stage.pods();
        await otherHandsBack(stage);
        const refreshed = await stage.succeeds("refresh", named);
        assert.match(refreshed.output, new RegExp(`${NODE_ROLE} holds ${CNI_POLICY} again`));
        await stage.succeeds("up", named);
        await assertLeftForLater(stage, /^\[attached-again\]/);
        await stage.succeeds("refresh", named);
        await stage.succeeds("up", named);
        await assertLeftForLater(stage, /^\[attached-again\]/);
        // The other cluster is handed over again.
        await stage.succeeds("up", stage.arguments());
        await assertLeftForLater(stage, /^\[node-role-shared\]/);
        await stage.succeeds("up", named);
        await stage.assertHandedOver();
        // Its name leaves the list before it is handed back once more.
        await stage.succeeds("up", stage.arguments());
        await assertLeftForLater(stage, /^\[node-role-shared\]/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("destroy", named);
        await stage.assertAsBefore();
    },
};

const foundDetached: Scenario = {
    name: "shared-node-role-found-detached",
    title: "the other cluster's run has detached the policy before the first update here: destroy gives it back all the same",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const named = stage.arguments({ handedOverClusterArns: [await anotherCluster(stage)] });
        const { before } = stage;
        const repaired = await stage.takePath(() => otherDetaches(stage));
        // The update attaches the policy first, for the pods here, and detaches it at its end.
        await repaired(120, () => stage.succeeds("up", named));
        await stage.assertHandedOver();
        assert.strictEqual(remaining(stage), "");
        await stage.succeeds("destroy", named);
        assert.deepStrictEqual(before, stage.before);
        await stage.assertAsBefore();
    },
};

const namedTooEarly: Scenario = {
    name: "shared-node-role-named-too-early",
    title: "the other cluster's program names this one before it is handed over, which must show more than zero",
    quick: false,
    bound: { podSeconds: "some", canaryPodSeconds: 120, rollouts: 2, restarts: 8, outageNodeSeconds: 300 },
    play: async (stage) => {
        await anotherCluster(stage);
        await otherDetaches(stage);
        await stage.settled();
        // The cure here: the update attaches the policy again, and then gives the pods a role of their own.
        const { output } = await stage.succeeds("up", stage.arguments());
        assert.match(output, /have no path to the CNI's permissions now/);
        await assertLeftForLater(stage, /^\[node-role-shared\]/);
    },
};

export const sharedNodeRole = [leftForLater, returned, foundDetached, namedTooEarly];
