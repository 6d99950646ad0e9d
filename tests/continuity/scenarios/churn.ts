/** Fleets that never stand still, and runs that must not end too early: terminated instances, complaints of before, a node that is NotReady for good. */
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { amidChurn } from "../amidChurn";
import { ec2Client, iamClient, NODE_ROLE, type Stage } from "../stage";
import { atEach } from "./atEach";
import { noGaps, type Scenario } from "./scenario";

const ROLL_OUT = /^DELETE pods\//;
const GUARD = /validatingadmissionpolicies/;
const REATTACH = new RegExp(`^iam AttachRolePolicy ${NODE_ROLE} `);

const standsNeverStill: Scenario = {
    name: "churn",
    title: "a node joins and one leaves every 3 s, each lives for a minute: up, an update to another role, and destroy get through",
    quick: true,
    // The nodes that join: each run takes a minute or two.
    bound: { ...noGaps, rollouts: 3, restarts: 160 },
    play: async (stage) => {
        await amidChurn(stage, () => stage.succeeds("up", stage.arguments()));
        await stage.assertHandedOver();
        const another = stage.arguments({ rolePath: "/cni/" });
        await amidChurn(stage, () => stage.succeeds("up", another));
        await stage.assertHandedOver();
        await amidChurn(stage, () => stage.succeeds("destroy", another));
        await stage.assertAsBefore();
    },
};

/** For how long the node of a terminated instance stays, Ready. On EKS it is most of a minute. */
const STAYS_MILLISECONDS = 20_000;

/** The instance of a node is terminated, and its processes have ended. The API does not know it yet. */
async function terminate(stage: Stage, node: string): Promise<void> {
    const { events } = stage.props.monitor.recording(0, Date.now());
    const found = events.flatMap((event) => (event.kind === "node" && event.node.name === node ? [event.node] : []));
    const InstanceIds = [found.at(-1)?.instanceId ?? ""];
    await ec2Client(stage.sandbox).send(new TerminateInstancesCommand({ InstanceIds }));
    const uid = (await stage.pods()).get(node) ?? "";
    stage.props.monitor.note({ at: Date.now(), kind: "podGone", uid });
    await sleep(STAYS_MILLISECONDS);
    await stage.faults.loseNode(node);
}

const terminated: Scenario = {
    name: "terminated-instances",
    title: "instances are terminated in the rollout, before the detachment and as destroy begins, and their nodes stay Ready for 20 s: no run fails or waits for them",
    quick: false,
    // Until they are removed, these nodes are Ready, and their pods as well.
    bound: { ...noGaps, rollouts: 2, restarts: 4, outageNodeSeconds: 90 },
    play: async (stage) => {
        const taken = new Set<string>();
        // The next one may be due while the node of the last is still there.
        const next = async () => {
            const [last = ""] = [...(await stage.pods()).keys()]
                .sort()
                .reverse()
                .filter((node) => !taken.has(node));
            taken.add(last);
            await terminate(stage, last);
        };
        const up = atEach([ROLL_OUT, GUARD], next);
        await stage.succeeds("up", stage.arguments(), up);
        await up.done();
        await stage.assertHandedOver();
        const down = atEach([REATTACH], next);
        await stage.succeeds("destroy", stage.arguments(), down);
        await down.done();
        await stage.assertAsBefore();
    },
};

const notReadyForGood: Scenario = {
    name: "not-ready-for-good",
    title: "a node is NotReady from before the first up until after destroy: both skip it with maxNotReadyNodes; without, destroy reaches its limit",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 6, outageNodeSeconds: 60 },
    play: async (stage) => {
        const [node = ""] = [...(await stage.pods()).keys()].sort();
        await stage.faults.stopKubelet(node);
        const timeouts = { ...stage.timeouts, handBackSeconds: 40 };
        await stage.succeeds("up", stage.arguments({ maxNotReadyNodes: 1, timeouts }));
        // The update of the argument alone is saved, and touches no cluster.
        await stage.succeeds("up", stage.arguments({ timeouts }));
        await stage.fails("destroy", stage.arguments({ timeouts }), new RegExp(`\\[time-limit\\][^]*${node}`));
        await stage.succeeds("up", stage.arguments({ maxNotReadyNodes: 1, timeouts }));
        await stage.succeeds("destroy", stage.arguments({ maxNotReadyNodes: 1, timeouts }));
        await stage.faults.startKubelet(node);
        await stage.assertAsBefore();
    },
};

const complaintOfBefore: Scenario = {
    name: "complaint-of-a-first-verification",
    title: "an outsider denies the role its calls during the first verification: up stops at the pods' events; then the deny is gone, and the same command goes on, with the same pods",
    quick: false,
    // The outsider's deny meets the canaries, too.
    bound: { ...noGaps, canaryPodSeconds: 60, rollouts: 2, restarts: 4 },
    play: async (stage) => {
        const args = stage.arguments({ stableSeconds: 20 });
        const before = Object.keys(stage.currentRoles());
        const iam = iamClient(stage.sandbox);
        const Statement = { Effect: "Deny", Action: "ec2:*NetworkInterface*", Resource: "*" };
        const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
        const denied = () => {
            const [RoleName = ""] = Object.keys(stage.currentRoles()).filter((name) => !before.includes(name));
            return { RoleName, PolicyName: "denies-the-cni" };
        };
        const [node = ""] = (await stage.pods()).keys();
        const repairs: Awaited<ReturnType<Stage["takePath"]>>[] = [];
        const workloads: Awaited<ReturnType<Stage["startWorkload"]>>[] = [];
        const deny = atEach([GUARD], async () => {
            const write = new PutRolePolicyCommand({ ...denied(), PolicyDocument });
            repairs.push(await stage.takePath(() => iam.send(write)));
            // A pod of aws-node notices the deny when its warm pool needs EC2.
            workloads.push(await stage.startWorkload(node));
        });
        await stage.fails("up", args, /\[pod-misses-permissions\]/, deny);
        await deny.done();
        await Promise.all(workloads.map((end) => end()));
        const pods = await stage.pods();
        const [repair] = repairs;
        assert.ok(repair !== undefined);
        await repair(10, () => iam.send(new DeleteRolePolicyCommand(denied())));
        await stage.settled();
        const { output } = await stage.succeeds("up", args);
        assert.match(output, /The role has been proved since then: only later events count/);
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

export const churns = [standsNeverStill, terminated, notReadyForGood, complaintOfBefore];
