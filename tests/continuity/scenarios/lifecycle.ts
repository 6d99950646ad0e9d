/** An operator's commands on a healthy cluster. */
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { writesOf } from "../engine/engine";
import { createPolicy } from "../stage";
import { noGaps, type Scenario } from "./scenario";

const firstUp: Scenario = {
    name: "first-up",
    title: "first up",
    quick: true,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
    },
};

const secondUp: Scenario = {
    name: "second-up",
    title: "second up: no write at all",
    quick: true,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        const pods = await stage.pods();
        stage.since = Date.now();
        const { calls } = await stage.succeeds("up", stage.arguments());
        const writes = writesOf(calls).map(({ operation }) => operation);
        assert.deepStrictEqual(writes, [], "the second up writes");
        assert.deepStrictEqual(await stage.pods(), pods, "the second up restarts pods");
    },
};

const destroy: Scenario = {
    name: "destroy",
    title: "destroy",
    quick: true,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        stage.since = Date.now();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

/** Role, attachment and two patches, as with other tools: the monitor must record the gaps. */
const destroyPlainShape: Scenario = {
    name: "destroy-plain-shape",
    title: "destroy of the plain shape, which must show more than zero",
    quick: true,
    bound: { podSeconds: "some", canaryPodSeconds: 0, rollouts: 1, restarts: 0, outageNodeSeconds: 40 },
    play: async (stage) => {
        const args = { clusterName: stage.sandbox.clusterName, liveChecks: false };
        await stage.succeeds("up", args);
        await stage.settled();
        stage.since = Date.now();
        // Otherwise pods could restart before IAM enforces the deletion, and no gap would show.
        await stage.faults.slowIam(0);
        await stage.succeeds("destroy", args);
        await sleep(10_000);
        // A pod that was created before the annotation was removed carries a role that was deleted a moment later. It never becomes
        // Ready, and the rollout waits for it.
        await stage.deletePodsNotReady();
    },
};

const newRoleName: Scenario = {
    name: "new-role-name",
    title: "a new role name",
    quick: true,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        await stage.succeeds("up", stage.arguments({ roleName: "cni-first" }));
        await stage.assertHandedOver();
        await stage.succeeds("up", stage.arguments({ roleName: "cni-second" }));
        await stage.assertHandedOver();
    },
};

const changedPolicy: Scenario = {
    name: "changed-policy",
    title: "a changed policy: another member of additionalPolicyArns",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 3 },
    play: async (stage) => {
        const arn = await createPolicy(stage.sandbox, "logs", "logs:PutLogEvents");
        await stage.recordStateBefore();
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("up", stage.arguments({ additionalPolicyArns: [arn] }));
        await stage.assertHandedOver([arn]);
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

export const lifecycle = [firstUp, secondUp, destroy, destroyPlainShape, newRoleName, changedPolicy];
