/** The pod identity webhook is down, and pods that are created meanwhile have no identity. */
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { atEach, atFirstWave } from "./atEach";
import { noGaps, type Scenario } from "./scenario";

const downBefore: Scenario = {
    name: "webhook-down-before-up",
    title: "the webhook is down before up: the canary fails and is reverted; up again when the webhook is back",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 5 },
    play: async (stage) => {
        await stage.faults.stopWebhook();
        await stage.fails("up", stage.arguments(), /\[canary-failed\]/);
        await stage.settled();
        assert.strictEqual((await stage.now()).serviceAccount.annotations["eks.amazonaws.com/role-arn"], undefined);
        await stage.faults.startWebhook();
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
    },
};

const downDuring: Scenario = {
    name: "webhook-down-during-up",
    title: "the webhook goes down in the rollout, and comes back while pods are looked at",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 3 },
    play: async (stage) => {
        const outage = atFirstWave(stage, async () => {
            await stage.faults.stopWebhook();
            await sleep(6000);
            await stage.faults.startWebhook();
        });
        await stage.succeeds("up", stage.arguments(), outage);
        await outage.done();
        await stage.assertHandedOver();
    },
};

const downAfter: Scenario = {
    name: "webhook-down-after-up",
    title: "the webhook is down after the detachment: the guard refuses pods, and the cluster heals when it is back",
    quick: true,
    bound: { ...noGaps, rollouts: 1, restarts: 2, outageNodeSeconds: 40 },
    play: async (stage) => {
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        const [node = ""] = (await stage.pods()).keys();
        await stage.faults.stopWebhook();
        await stage.deletePodOn(node);
        await stage.until("the injection guard refuses a pod", () => stage.isRefused());
        assert.ok(!(await stage.pods()).has(node), "a pod without identity was admitted");
        await stage.faults.startWebhook();
        await stage.assertHandedOver();
    },
};

/** How often it is played: an API server enforces a new policy after up to a second, so one try may come too late. */
const TRIES = 3;

/**
 * All pods are stable when the injection guard is created, so that the detachment could follow at once. The pod is deleted
 * right before the policy goes.
 */
const downAsTheGuardBegins: Scenario = {
    name: "webhook-down-as-the-guard-begins",
    title: "the webhook goes down as the injection guard is created; a pod is deleted right before the policy goes, and the run is killed",
    quick: false,
    bound: { ...noGaps, rollouts: 2 * TRIES, restarts: 4 * TRIES, outageNodeSeconds: 40 * TRIES },
    play: async (stage) => {
        for (let round = 0; round < TRIES; round++) {
            await stage.succeeds("up", stage.arguments({ detachFromNodeRoles: undefined }));
            await stage.settled();
            const [node = ""] = (await stage.pods()).keys();
            let down: Promise<void> | undefined;
            let deleted: Promise<void> | undefined;
            await stage.run("up", stage.arguments(), {
                seen: ({ operation, write }) => {
                    if (write && /^\w+ validatingadmissionpolicybindings/.test(operation)) {
                        down ??= stage.faults.stopWebhook();
                    }
                    // In the last look before the detachment, after the cluster was read.
                    if (down !== undefined && operation.startsWith("ec2 DescribeRegions")) {
                        deleted ??= stage.deletePodOn(node);
                    }
                },
                killAfter: (_, { operation }) => operation.startsWith("iam DetachRolePolicy"),
            });
            assert.ok(deleted !== undefined, "the run has not looked in every region");
            await Promise.all([down, deleted]);
            await sleep(5000);
            assert.ok(!(await stage.pods()).has(node), "a pod without identity was admitted");
            await stage.faults.startWebhook();
            await stage.succeeds("up", stage.arguments());
            await stage.assertHandedOver();
            await stage.succeeds("destroy", stage.arguments());
            await stage.assertAsBefore();
        }
    },
};

const downAsDestroyStarts: Scenario = {
    name: "webhook-down-as-destroy-starts",
    title: "the webhook is down when destroy starts, a node joins, a pod is deleted as the guard goes, and IAM is slow",
    quick: true,
    bound: { ...noGaps, rollouts: 2, restarts: 4, outageNodeSeconds: 60 },
    play: async (stage) => {
        const args = stage.arguments({ iamPropagationSeconds: 10 });
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        const [node = ""] = (await stage.pods()).keys();
        await stage.faults.slowIam(8);
        await stage.faults.stopWebhook();
        await stage.faults.joinNode();
        // From now on, no guard refuses a pod without identity: the node role must have its permissions by then.
        const guardGoes = atEach([/^DELETE validatingadmissionpolicies\//], async () => {
            await stage.deletePodOn(node);
            await stage.touchDaemonSet(6);
        });
        await stage.succeeds("destroy", args, guardGoes);
        await guardGoes.done();
        await stage.assertAsBefore();
        await stage.faults.startWebhook();
    },
};

export const webhook = [downBefore, downDuring, downAfter, downAsTheGuardBegins, downAsDestroyStarts];
