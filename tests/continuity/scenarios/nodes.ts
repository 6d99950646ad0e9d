/** Nodes that join, are lost, become NotReady, or never join. */
import { StopInstancesCommand } from "@aws-sdk/client-ec2";
import * as assert from "node:assert";
import { launchInstance } from "local-eks";
import { ec2Client, NODE_ROLE, type Stage } from "../stage";
import { atEach, atFirstWave } from "./atEach";
import { handedOver, noGaps, type Scenario } from "./scenario";

/** The calls with which the engine begins each step. */
const ANNOTATE = /^PATCH serviceaccounts\/aws-node$/;
const ROLL_OUT = /^DELETE pods\//;
const NOTE = /^PATCH daemonsets\/aws-node$/;
const GUARD = /validatingadmissionpolicies/;
const DETACH = new RegExp(`^iam DetachRolePolicy ${NODE_ROLE} `);
const REATTACH = new RegExp(`^iam AttachRolePolicy ${NODE_ROLE} `);

const joinsDuringUp: Scenario = {
    name: "node-joins-during-up",
    title: "a node joins in the middle of each step of up",
    quick: true,
    bound: { ...noGaps, rollouts: 1, restarts: 6 },
    play: async (stage) => {
        const joins = atEach([ANNOTATE, ROLL_OUT, NOTE, GUARD, DETACH], () => stage.faults.joinNode());
        await stage.succeeds("up", stage.arguments(), joins);
        await joins.done();
        await stage.assertHandedOver();
    },
};

const joinsDuringDestroy: Scenario = {
    name: "node-joins-during-destroy",
    title: "a node joins in the middle of each step of destroy",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 4 },
    play: async (stage) => {
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        stage.since = Date.now();
        const joins = atEach([REATTACH, ANNOTATE, ROLL_OUT], () => stage.faults.joinNode());
        await stage.succeeds("destroy", stage.arguments(), joins);
        await joins.done();
        await stage.assertAsBefore();
    },
};

const lost: Scenario = {
    name: "node-lost",
    title: "a node is lost in the middle of the rollout, another one in the middle of destroy",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const up = atFirstWave(stage, () => loseOne(stage));
        await stage.succeeds("up", stage.arguments(), up);
        await up.done();
        await stage.assertHandedOver();
        const down = atEach([ANNOTATE], () => loseOne(stage));
        await stage.succeeds("destroy", stage.arguments(), down);
        await down.done();
        await stage.assertAsBefore();
    },
};

async function loseOne(stage: Stage): Promise<void> {
    const [last = ""] = [...(await stage.pods()).keys()].sort().reverse();
    await stage.faults.loseNode(last);
}

const notReady: Scenario = {
    name: "not-ready-node-returns",
    title: "a node becomes NotReady and stops the detachment, is ignored by maxNotReadyNodes, and returns afterwards",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 3, outageNodeSeconds: 60 },
    play: async (stage) => {
        const [node = ""] = [...(await stage.pods()).keys()].sort();
        // Before the verification looks at the pods: one that it has seen work with the role no longer holds it up.
        const stop = atEach([NOTE], () => stage.faults.stopKubelet(node));
        const timeouts = { ...stage.timeouts, verificationSeconds: 20 };
        await stage.fails("up", stage.arguments({ timeouts }), new RegExp(`\\[time-limit\\][^]*${node}`), stop);
        await stop.done();
        const detachedEarly = (await stage.now()).iam.roles[NODE_ROLE]?.attachedPolicyArns ?? [];
        assert.ok(
            detachedEarly.some((arn) => arn.endsWith("AmazonEKS_CNI_Policy")),
            "detached with a NotReady node",
        );
        await stage.succeeds("up", stage.arguments({ maxNotReadyNodes: 1 }));
        await stage.faults.startKubelet(node);
        await stage.assertHandedOver();
    },
};

const notReadyBefore: Scenario = {
    name: "not-ready-before-up",
    title: "a node is NotReady before the first up, is ignored by maxNotReadyNodes, and returns afterwards",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 5, outageNodeSeconds: 60 },
    play: async (stage) => {
        const [node = ""] = [...(await stage.pods()).keys()].sort();
        await stage.faults.stopKubelet(node);
        await stage.succeeds("up", stage.arguments({ maxNotReadyNodes: 1 }));
        await stage.faults.startKubelet(node);
        await stage.assertHandedOver();
    },
};

const neverJoin: Scenario = {
    name: "instances-that-never-join",
    title: "nodes of other kinds, a stopped instance and one that never joins have the node role: up detaches, another node joins, and destroy",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 3 },
    play: async (stage) => {
        const { nodes: kinds, clusterName } = stage.sandbox;
        await kinds.addOther("windows", { tags: {} });
        await kinds.addOther("auto");
        await kinds.addOther("fargate");
        await kinds.addOther("hybrid");
        const ec2 = ec2Client(stage.sandbox);
        const launched = { clusterName, instanceProfile: NODE_ROLE };
        const failed = await launchInstance(ec2, launched);
        const warm = await launchInstance(ec2, launched);
        await ec2.send(new StopInstancesCommand({ InstanceIds: [warm] }));
        const { output } = await stage.succeeds("up", stage.arguments());
        for (const instance of [failed, `${warm} (stopped)`]) {
            assert.match(output, new RegExp(`need not join: .*${instance.replace(/[()]/g, "\\$&")}`));
        }
        await stage.assertHandedOver();
        // As one of the warm pool does when it is started.
        await stage.faults.joinNode();
        await stage.scheduledOnAllNodes();
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const autoscaled: Scenario = {
    name: "refresh-of-an-autoscaled-cluster",
    title: "a refresh changes nothing while a pod starts, a node is NotReady, one leaves, and the guard refuses a pod because the webhook restarts; then destroy",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 8, outageNodeSeconds: 240 },
    play: async (stage) => {
        const { nodes: kubelets } = stage.sandbox;
        const [first = "", second = "", third = ""] = (await handedOver(stage)).keys();
        await kubelets.setPodReadySeconds(600);
        const joined = await stage.faults.joinNode();
        await stage.until("a pod starts on the new node", async () => (await stage.pods()).has(joined));
        await stage.faults.stopKubelet(first);
        await staysQuiet(stage);
        await Promise.all([stage.faults.loseNode(second), staysQuiet(stage)]);
        await stage.faults.startKubelet(first);
        await kubelets.setPodReadySeconds(0.5);
        await stage.settled();

        const stopped = Date.now();
        await stage.faults.stopWebhook();
        await stage.deletePodOn(third);
        await stage.until("the guard refuses a pod", () => stage.isRefused(stopped));
        await staysQuiet(stage);
        await stage.faults.startWebhook();
        await stage.assertHandedOver();
        await staysQuiet(stage);
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

async function staysQuiet(stage: Stage): Promise<void> {
    await stage.succeeds("refresh", stage.arguments(), { flags: ["--expect-no-changes"] });
}

export const nodes = [joinsDuringUp, joinsDuringDestroy, lost, notReady, notReadyBefore, neverJoin, autoscaled];
