/** A rollout that fails on some nodes only: it is noticed by the canary there, or after one wave, and taken back. */
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { iamClient, NODE_ROLE, type Stage } from "../stage";
import { atNth } from "./atEach";
import { handedOver, noGaps, type Scenario } from "./scenario";

const ROLE_ARN = "eks.amazonaws.com/role-arn";

/** The nodes by subnet. */
export async function nodesBySubnet({ sandbox }: Stage): Promise<string[][]> {
    const subnets = await sandbox.nodes.subnets();
    const nodes = Object.keys(subnets).sort();
    const ids = [...new Set(nodes.map((node) => subnets[node]))];
    return ids.map((id) => nodes.filter((node) => subnets[node] === id));
}

/** The nodes whose pods carry a role. */
async function carriers(stage: Stage): Promise<string[]> {
    const { pods } = await stage.now();
    return pods.filter(({ roleArn }) => roleArn !== undefined).map(({ node }) => node);
}

async function assertNotAnnotated(stage: Stage): Promise<void> {
    assert.strictEqual((await stage.now()).serviceAccount.annotations[ROLE_ARN], undefined, "it is annotated");
}

/** The way is open: the next `up` begins with the proof, and completes the hand-over. */
async function completes(stage: Stage): Promise<void> {
    const { output } = await stage.succeeds("up", stage.arguments());
    assert.match(output, /proof: a token of the service account can use/);
    await stage.assertHandedOver();
    await stage.succeeds("destroy", stage.arguments());
    await stage.assertAsBefore();
}

const subnetWithoutSts: Scenario = {
    name: "subnet-without-sts",
    title: "one of the subnets has no way to STS: the rollout is taken back after the canary there, and no other pod restarts; then it has, and up",
    quick: true,
    bound: { ...noGaps, canaryPodSeconds: 60, rollouts: 2, restarts: 6, outageNodeSeconds: 60 },
    play: async (stage) => {
        const before = await stage.pods();
        const subnets = await nodesBySubnet(stage);
        const cutOff = subnets.at(-1) ?? [];
        await stage.faults.reachStsFromNodes(false, cutOff);
        const { [cutOff[0] ?? ""]: subnetId = "" } = await stage.sandbox.nodes.subnets();
        await stage.fails("up", stage.arguments(), new RegExp(`\\[canary-failed\\].*${subnetId}`, "s"));
        await stage.settled();
        await assertNotAnnotated(stage);
        const works = await carriers(stage);
        assert.strictEqual(works.length, subnets.length - 1, "the canaries of the other subnets keep the role");
        assert.ok(!works.some((node) => cutOff.includes(node)), "a pod without a way to STS carries the role");
        const after = await stage.pods();
        const restarted = [...before].filter(([node, uid]) => after.get(node) !== uid);
        assert.strictEqual(restarted.length, subnets.length, "other pods than the canaries were restarted");
        await stage.faults.reachStsFromNodes(true, cutOff);
        await completes(stage);
    },
};

const thirdWaveWithoutSts: Scenario = {
    name: "third-wave-without-sts",
    title: "STS cannot be reached from the nodes of the third wave on: the rollout is taken back after this wave, which must show more than zero; then it can, and up",
    quick: false,
    // At most one wave is without a path.
    bound: {
        podSeconds: "some",
        podsWithoutPath: 2,
        canaryPodSeconds: 0,
        rollouts: 2,
        restarts: 6,
        outageNodeSeconds: 120,
    },
    play: async (stage) => {
        const { nodes, subnets } = stage.props.sizes;
        const wave = Math.ceil(nodes / 10);
        const working = subnets + 2 * wave;
        const before = await stage.pods();
        const podNames = new Map((await stage.now()).pods.map(({ name, node }) => [`DELETE pods/${name}`, node]));
        // At the last pod of the second wave: the third begins a second later.
        const cut = atNth(/^DELETE pods\//, working, (deletions) => {
            const works = deletions.map((deletion) => podNames.get(deletion));
            return stage.faults.reachStsFromNodes(
                false,
                [...before.keys()].filter((node) => !works.includes(node)),
            );
        });
        const { output } = await stage.fails("up", stage.arguments(), /\[rollout-taken-back\]/, cut);
        await cut.done();
        await stage.settled();
        assert.match(output, /\(subnet-[0-9a-f]+\)/, "the message does not name the subnets");
        assert.match(output, /no event names an AWS error/);
        assert.match(output, new RegExp(`${String(working)} pods work with the role and keep it`));
        await assertNotAnnotated(stage);
        assert.strictEqual((await carriers(stage)).length, working);
        const after = await stage.pods();
        const untouched = [...before].filter(([node, uid]) => after.get(node) === uid);
        assert.strictEqual(untouched.length, nodes - working - wave, "pods beyond the third wave were restarted");
        await stage.faults.reachStsFromNodes(true);
        await completes(stage);
    },
};

const podsNeverStart: Scenario = {
    name: "image-missing-in-a-wave",
    title: "the image cannot be pulled on one node: the rollout stops there, and is not taken back; then it can, and the same command goes on",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 2, outageNodeSeconds: 120 },
    play: async (stage) => {
        const { subnets } = stage.props.sizes;
        const podNames = new Map((await stage.now()).pods.map(({ name, node }) => [`DELETE pods/${name}`, node]));
        let node = "";
        // At the last of the canaries, one in each subnet: a canary whose image is missing would be reverted instead.
        const missing = atNth(/^DELETE pods\//, subnets, (deletions) => {
            node = [...podNames].find(([deletion]) => !deletions.includes(deletion))?.[1] ?? "";
            return stage.sandbox.nodes.setPodsFail("imagePull", { nodes: [node] });
        });
        const { output } = await stage.fails("up", stage.arguments(), /\[pods-do-not-start\]/, missing);
        await missing.done();
        assert.match(output, /(ErrImagePull|ImagePullBackOff)/);
        assert.match(output, new RegExp(node));
        const { serviceAccount } = await stage.now();
        assert.ok(serviceAccount.annotations[ROLE_ARN] !== undefined, "the rollout was taken back");
        await stage.sandbox.nodes.setPodsFail(undefined);
        await stage.deletePodsNotReady();
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

/** Longer than a pod takes to start, and shorter than a rollout of two waves. */
const CANARY_SECONDS = 12;

const readinessMissed: Scenario = {
    name: "readiness-missed",
    title: "a canary that has worked for longer than its limit misses its readiness for 2 s, in up and in destroy: neither is taken back",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2, outageNodeSeconds: 300 },
    play: async (stage) => {
        const args = stage.arguments({ timeouts: { ...stage.timeouts, canarySeconds: CANARY_SECONDS } });
        await stage.sandbox.nodes.setPodReadySeconds(9);
        for (const command of ["up", "destroy"] as const) {
            const began: { at: number; node: string }[] = [];
            const podNames = new Map((await stage.now()).pods.map(({ name, node }) => [`DELETE pods/${name}`, node]));
            const first = atNth(/^DELETE pods\//, 1, ([deletion = ""]) => {
                began.push({ at: Date.now(), node: podNames.get(deletion) ?? "" });
                return Promise.resolve();
            });
            const last = atNth(/^DELETE pods\//, podNames.size, async () => {
                const [{ at, node } = { at: 0, node: "" }] = began;
                await sleep(Math.max(0, at + (CANARY_SECONDS + 1) * 1000 - Date.now()));
                await stage.missReadiness(node, 2);
            });
            await stage.succeeds(command, args, {
                seen: (call) => {
                    first.seen(call);
                    last.seen(call);
                },
            });
            await last.done();
            await (command === "up" ? stage.assertHandedOver() : stage.assertAsBefore());
        }
    },
};

const nodeRoleDenied: Scenario = {
    name: "node-role-denied",
    title: "an inline policy denies the node role the CNI's calls: destroy fails after its first pod and gives the role again; then the policy is gone, and the same command",
    quick: false,
    // The pod that returns first, until it has the role again.
    bound: {
        podSeconds: "some",
        podsWithoutPath: 1,
        canaryPodSeconds: 0,
        rollouts: 1,
        restarts: 4,
        outageNodeSeconds: 60,
    },
    play: async (stage) => {
        const args = stage.arguments({ timeouts: { ...stage.timeouts, canarySeconds: 10 } });
        const before = await handedOver(stage, args);
        const iam = iamClient(stage.sandbox);
        const denied = { RoleName: NODE_ROLE, PolicyName: "denies-the-cni" };
        const Statement = { Effect: "Deny", Action: "ec2:*NetworkInterface*", Resource: "*" };
        const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
        await iam.send(new PutRolePolicyCommand({ ...denied, PolicyDocument }));
        await stage.settled();
        await stage.fails("destroy", args, /\[former-credentials-fail\]/);
        await stage.settled();
        assert.strictEqual((await carriers(stage)).length, before.size, "a pod is left without the role");
        await iam.send(new DeleteRolePolicyCommand(denied));
        await stage.settled();
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

export const rollout = [subnetWithoutSts, thirdWaveWithoutSts, podsNeverStart, readinessMissed, nodeRoleDenied];
