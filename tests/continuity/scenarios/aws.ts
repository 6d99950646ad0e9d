/** AWS refuses calls, is unreachable, is slow, or throttles. */
import * as assert from "node:assert";
import { noGaps, type Scenario } from "./scenario";

const stsRefuses: Scenario = {
    name: "sts-refuses",
    title: "STS refuses the token, and the trust policy is the component's: a perimeter may admit the nodes alone, so the canary decides, and is taken back",
    quick: false,
    bound: { podSeconds: "none", canaryPodSeconds: 60, rollouts: 2, restarts: 4, outageNodeSeconds: 60 },
    play: async (stage) => {
        await stage.faults.refuseSts(true);
        const timeouts = { ...stage.timeouts, proofSeconds: 8, canarySeconds: 10 };
        await stage.fails("up", stage.arguments({ timeouts }), /\[canary-failed\]/);
        await stage.settled();
        assert.strictEqual((await stage.now()).serviceAccount.annotations["eks.amazonaws.com/role-arn"], undefined);
        await stage.faults.refuseSts(false);
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
    },
};

const stsUnreachable: Scenario = {
    name: "sts-unreachable-from-nodes",
    title: "the nodes cannot reach STS, and the operator's machine can: the canary catches it",
    quick: true,
    // The canary's own time limit, plus the time of its restart.
    bound: { podSeconds: "none", canaryPodSeconds: 60, rollouts: 1, restarts: 4, outageNodeSeconds: 60 },
    play: async (stage) => {
        await stage.faults.reachStsFromNodes(false);
        const timeouts = { ...stage.timeouts, canarySeconds: 10 };
        await stage.fails("up", stage.arguments({ timeouts }), /\[canary-failed\]/);
        await stage.settled();
        const now = await stage.now();
        assert.strictEqual(now.serviceAccount.annotations["eks.amazonaws.com/role-arn"], undefined);
        assert.deepStrictEqual(
            now.pods.filter(({ roleArn }) => roleArn !== undefined),
            [],
        );
        await stage.faults.reachStsFromNodes(true);
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
    },
};

const slow: Scenario = {
    name: "iam-slow",
    title: "IAM enforces a change after 20 s",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2, outageNodeSeconds: 60 },
    play: async (stage) => {
        await stage.faults.slowIam(20);
        const timeouts = { ...stage.timeouts, proofSeconds: 60, canarySeconds: 60 };
        const args = stage.arguments({ timeouts, iamPropagationSeconds: 25 });
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

const throttled: Scenario = {
    name: "iam-throttled",
    title: "AWS throttles calls",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        await stage.faults.throttleAws(5);
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

export const aws = [stsRefuses, stsUnreachable, slow, throttled];
