/** The injection guard, against changes that others make after the hand-over. */
import { AttachRolePolicyCommand, DeleteRoleCommand, DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "../engine/calls";
import { CNI_POLICY, iamClient, NODE_ROLE, type Stage } from "../stage";
import { roleOfAnotherOwner, roleOfService } from "./roleOfAnotherOwner";
import { CACHE_MILLISECONDS, handedOver, noGaps, type Scenario } from "./scenario";

const ROLE_ARN = "eks.amazonaws.com/role-arn";

const anotherRoleAnnotated: Scenario = {
    name: "another-role-annotated-by-hand",
    title: "another role, without rights, is annotated by hand, and a pod is deleted: the guard refuses it; then refresh and up",
    quick: false,
    // The guard refuses the replacement of the deleted pod until the annotation is right again.
    bound: { ...noGaps, rollouts: 0, restarts: 2, outageNodeSeconds: 60 },
    play: async (stage) => {
        const roleArn = await roleOfService(stage, "another", "ec2.amazonaws.com");
        await stage.recordStateBefore();
        await handedOver(stage);
        await stage.annotateServiceAccount({ [ROLE_ARN]: roleArn });
        await sleep(CACHE_MILLISECONDS);
        const [node = ""] = (await stage.pods()).keys();
        await stage.deletePodOn(node);
        await stage.until("the guard refuses the pod", () => stage.isRefused(), 20);
        assert.ok(!(await stage.pods()).has(node), "a pod with a role that was never approved was admitted");
        const { output } = await stage.succeeds("refresh", stage.arguments());
        assert.match(output, /cni-(detachment|service-account)/, "the refresh does not show the drift");
        await stage.succeeds("up", stage.arguments({ overrideExistingServiceAccount: true }));
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
        await iamClient(stage.sandbox).send(new DeleteRoleCommand({ RoleName: "another" }));
    },
};

const guardEdited: Scenario = {
    name: "injection-guard-edited",
    title: "the injection guard is edited by hand to admit every pod; then refresh and up",
    quick: false,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        await handedOver(stage);
        const pods = await stage.pods();
        const { admittedRoles } = await stage.now();
        assert.deepStrictEqual(admittedRoles, [stage.outputs()["roleArn"]]);
        await stage.editInjectionGuards([{ expression: "true" }]);
        const { output } = await stage.succeeds("refresh", stage.arguments());
        assert.match(
            output,
            /The injection guard \S+ was changed: its expressions are not/,
            "the refresh does not show the drift",
        );
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        assert.deepStrictEqual((await stage.now()).admittedRoles, admittedRoles);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
    },
};

const guardNarrowed: Scenario = {
    name: "injection-guard-narrowed",
    title: "an update to another existing role is killed; up with the first one limits the guard to it, and a refresh shows nothing",
    quick: false,
    // The first update and the destroy restart every pod once each.
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const [first, second] = [await roleOfAnotherOwner(stage, "first"), await roleOfAnotherOwner(stage, "second")];
        await stage.recordStateBefore();
        const args = stage.arguments({ existingRoleArn: first });
        await stage.succeeds("up", args);
        const killBefore = (_: number, call: Call) => /^PATCH serviceaccounts/.test(call.operation);
        await stage.run("up", stage.arguments({ existingRoleArn: second }), { killBefore });
        await stage.settled();
        assert.deepStrictEqual((await stage.now()).admittedRoles, [first, second]);
        await stage.succeeds("up", args);
        await stage.settled();
        assert.deepStrictEqual((await stage.now()).admittedRoles, [first]);
        assert.ok(
            !stage.currentRoles()[NODE_ROLE]?.attachedPolicyArns.includes(CNI_POLICY),
            "the policy stays attached",
        );
        const { output } = await stage.succeeds("refresh", args);
        assert.match(output, /Resources:\s+\d+ unchanged/, "the refresh shows a change");
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

/** Restarts every pod, one after another, and waits for each. */
async function restartPods(stage: Stage): Promise<void> {
    for (const node of (await stage.pods()).keys()) {
        await stage.deletePodOn(node);
        await stage.settled(30);
    }
}

/** How long it may take from the start of the update until every node has its pod. */
const REPAIR_SECONDS = 45;

const podIdentityAfterGuard: Scenario = {
    name: "pod-identity-after-guard",
    title: "pods restart with a Pod Identity association made after the hand-over: all come up, and up moves none; deleted, and handed over again",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const RoleName = "association";
        const iam = iamClient(stage.sandbox);
        const roleArn = await roleOfService(stage, RoleName, "pods.eks.amazonaws.com");
        await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: CNI_POLICY }));
        await stage.recordStateBefore();
        await handedOver(stage);
        const namesRole = /Pod Identity association with arn:aws:iam::\d+:role\/association/;
        const remove = await stage.associatePodIdentity(roleArn);
        await sleep(CACHE_MILLISECONDS);
        const first = await stage.succeeds("refresh", stage.arguments());
        assert.match(first.output, namesRole, "the refresh does not name the association's role");
        await restartPods(stage);
        assert.ok(!(await stage.isRefused()), "the guard refused a pod");
        const pods = await stage.pods();
        const { output } = await stage.succeeds("refresh", stage.arguments());
        assert.match(output, namesRole, "the refresh does not name the association's role");
        await stage.fails("up", stage.arguments(), /\[pod-identity-association\]/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        assert.ok(!stage.currentRoles()[NODE_ROLE]?.attachedPolicyArns.includes(CNI_POLICY), "a policy was attached");
        // From now on, the pods live on the sessions that they hold.
        const repair = await stage.takePath(remove);
        await sleep(CACHE_MILLISECONDS);
        const [node = ""] = pods.keys();
        await stage.deletePodOn(node);
        await stage.succeeds("refresh", stage.arguments());
        await repair(REPAIR_SECONDS, () => stage.succeeds("up", stage.arguments()));
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
        await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: CNI_POLICY }));
        await iam.send(new DeleteRoleCommand({ RoleName }));
    },
};

/** How long the cluster is watched while the guard refuses pods. */
const WATCHED_SECONDS = 15;

/** The number of nodes whose pods may be away at once. The DaemonSet of the sandbox has 10 %, as that of EKS. */
const maxUnavailable = (stage: Stage) => Math.ceil(stage.props.sizes.nodes / 10);

/** Wipes the annotation and rolls aws-node, as a manifest, a Helm chart or the managed add-on may; then repairs it. */
async function wipeAndRoll(stage: Stage, version: string, fieldManager?: string): Promise<void> {
    const { nodes } = stage.props.sizes;
    await stage.annotateServiceAccount({ [ROLE_ARN]: null }, fieldManager);
    await sleep(CACHE_MILLISECONDS);
    const rolledAt = Date.now();
    await stage.rollDaemonSet(version, fieldManager);
    await stage.until("the guard refuses a pod", () => stage.isRefused(rolledAt));
    let fewest = nodes;
    for (let second = 0; second < WATCHED_SECONDS; second++) {
        fewest = Math.min(fewest, (await stage.now()).pods.filter(({ ready }) => ready).length);
        await sleep(1000);
    }
    const most = maxUnavailable(stage);
    assert.ok(
        nodes - fewest <= most,
        `${String(nodes - fewest)} nodes were without a pod; at most ${String(most)} may be`,
    );
    await stage.succeeds("refresh", stage.arguments());
    const repairing = stage.succeeds("up", stage.arguments());
    const isComplete = async () => {
        const { pods } = await stage.now();
        return pods.length === nodes && pods.every(({ ready, roleArn }) => ready && roleArn !== undefined);
    };
    await stage.until("every node has its pod again", isComplete, REPAIR_SECONDS);
    await repairing;
    await stage.assertHandedOver();
}

const annotationWipedAndRolled: Scenario = {
    name: "annotation-wiped-and-rolled",
    title: "a manifest, and then the add-on, wipes the annotation and rolls aws-node: maxUnavailable nodes wait; then refresh and up",
    quick: false,
    // One node at a time is without a pod, from each write until the update that repairs it.
    bound: { ...noGaps, rollouts: 2, restarts: 2, outageNodeSeconds: 120 },
    play: async (stage) => {
        await handedOver(stage);
        await wipeAndRoll(stage, "1");
        await wipeAndRoll(stage, "2", "eks");
    },
};

export const injectionGuard = [
    anotherRoleAnnotated,
    guardEdited,
    guardNarrowed,
    podIdentityAfterGuard,
    annotationWipedAndRolled,
];
