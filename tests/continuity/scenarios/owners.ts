/** Tools other than EKS manage aws-node, and its pods start or stop slowly. */
import * as assert from "node:assert";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Stage } from "../stage";
import { atEach, atFirstWave } from "./atEach";
import { noGaps, type Scenario } from "./scenario";

const slowDeletion: Scenario = {
    name: "slow-deletion",
    title: "pods need two seconds of their grace period to end, in the hand-over and in the hand-back",
    quick: true,
    // Each of the pods is gone two seconds longer than in a bare rolling restart, in each of the two rollouts.
    bound: { ...noGaps, rollouts: 2, restarts: 2, outageNodeSeconds: 60 },
    play: async (stage) => {
        await stage.sandbox.nodes.setPodDeletionSeconds(2);
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
        const seconds = secondsToEnd(stage);
        // Without the two seconds, a deleted pod is gone at once. The watch may see a deletion late, on a loaded machine.
        assert.ok(
            seconds.length > 0 && seconds.every((of) => of > 1),
            `deleted pods were gone after ${seconds.map((of) => of.toFixed(1)).join(", ")} s`,
        );
    },
};

/** How long each deleted pod stayed Terminating, as the monitor recorded it. A pod of a node that has joined since is gone with its node. */
function secondsToEnd({ props, since, before }: Stage): number[] {
    const deletions = new Map<string, number>();
    const nodes = before.pods.map(({ node }) => node);
    return props.monitor.recording(since, Date.now()).events.flatMap((event) => {
        if (
            event.kind === "pod" &&
            event.pod.terminating &&
            nodes.includes(event.pod.node) &&
            !deletions.has(event.pod.uid)
        ) {
            deletions.set(event.pod.uid, event.at);
        }
        const from = event.kind === "podGone" ? deletions.get(event.uid) : undefined;
        return from === undefined ? [] : [(event.at - from) / 1000];
    });
}

interface Manifest {
    metadata: { name: string; namespace: string; labels?: object; annotations?: Record<string, string> };
    spec?: { template: { metadata: { annotations?: Record<string, string> } } };
}

/** The objects that the operator of a cluster keeps in a file, as they are now. */
async function manifestsOf(stage: Stage): Promise<Manifest[]> {
    const objects = ["serviceaccount", "daemonset"].map(async (kind) => {
        const text = await kubectl(stage, "get", kind, "aws-node", "-n", "kube-system", "-o", "json");
        const { metadata, ...rest } = JSON.parse(text) as Manifest & { status?: object };
        delete rest.status;
        const { name, namespace, labels } = metadata;
        return { ...rest, metadata: { name, namespace, labels } };
    });
    return Promise.all(objects);
}

async function annotationsOf(stage: Stage): Promise<Record<string, string>> {
    const text = await kubectl(stage, "get", "serviceaccount", "aws-node", "-n", "kube-system", "-o", "json");
    return (JSON.parse(text) as Manifest).metadata.annotations ?? {};
}

async function kubectl(stage: Stage, ...args: string[]): Promise<string> {
    return (await promisify(execFile)("kubectl", args, { env: stage.sandbox.environment })).stdout;
}

/** Client-side apply: it compares the file with its last-applied annotation. */
async function apply(stage: Stage, items: readonly Manifest[]): Promise<void> {
    const file = join(stage.props.directory, "aws-node.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await kubectl(stage, "apply", "-f", file);
    await stage.settled();
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** A newer manifest, which replaces every pod. */
function newer(items: readonly Manifest[]): Manifest[] {
    return items.map(({ spec, ...rest }) => {
        const { metadata, ...template } = spec?.template ?? { metadata: {} };
        const annotations = { ...metadata.annotations, "example.com/version": "2" };
        return {
            ...rest,
            ...(spec && { spec: { ...spec, template: { ...template, metadata: { ...metadata, annotations } } } }),
        };
    });
}

const appliedByKubectl: Scenario = {
    name: "applied-by-kubectl",
    title: "the operator keeps aws-node with kubectl apply: the same manifest after the hand-over, then a newer one, and back",
    quick: false,
    bound: { ...noGaps, rollouts: 4, restarts: 2 },
    play: async (stage) => {
        const manifests = await manifestsOf(stage);
        await apply(stage, manifests);
        await stage.recordStateBefore();
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        const pods = await stage.pods();
        await apply(stage, manifests);
        assert.deepStrictEqual(await stage.pods(), pods, "the same manifest restarted pods");
        await apply(stage, newer(manifests));
        await stage.assertHandedOver();
        await stage.succeeds("up", stage.arguments());
        await apply(stage, manifests);
        await stage.succeeds("destroy", stage.arguments());
        assert.deepStrictEqual(Object.keys(await annotationsOf(stage)), [LAST_APPLIED]);
        await stage.assertAsBefore();
    },
};

/** Helm's marks on the objects of a release, and the field manager of its patches (helm v3 pkg/action/validate.go, pkg/kube/client.go). */
const HELM = {
    labels: { "app.kubernetes.io/managed-by": "Helm" },
    annotations: { "meta.helm.sh/release-name": "aws-vpc-cni", "meta.helm.sh/release-namespace": "kube-system" },
};

const releasedByHelm: Scenario = {
    name: "released-by-helm",
    title: "Helm manages aws-node (its labels, annotations and patches, without its program): an upgrade after the hand-over",
    quick: false,
    bound: { ...noGaps, rollouts: 4, restarts: 2 },
    play: async (stage) => {
        for (const kind of ["serviceaccount", "daemonset"]) {
            const patch = JSON.stringify({ metadata: HELM });
            await kubectl(stage, "patch", kind, "aws-node", "-n", "kube-system", "--field-manager=helm", "-p", patch);
        }
        await stage.recordStateBefore();
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.rollDaemonSet("2", "helm");
        await stage.settled();
        await stage.assertHandedOver();
        await stage.succeeds("up", stage.arguments());
        await stage.succeeds("destroy", stage.arguments());
        assert.deepStrictEqual(await annotationsOf(stage), HELM.annotations);
    },
};

/** STS cannot be reached from this call on until the container of a pod is restarted. The hand-over must go on. */
async function handsOverWithRestarts(
    stage: Stage,
    at: (act: () => Promise<unknown>) => ReturnType<typeof atEach>,
): Promise<void> {
    const seen: number[] = [];
    let restarted = Promise.resolve();
    const unreachable = at(async () => {
        await stage.faults.reachStsFromNodes(false);
        restarted = stage
            .until("a container is restarted", async () => {
                const restarts = await restartsOf(stage);
                seen.push(...restarts);
                return restarts.some((count) => count > 0);
            })
            .finally(() => stage.faults.reachStsFromNodes(true));
        restarted.catch(() => undefined);
    });
    await stage.succeeds("up", stage.arguments(), unreachable);
    await unreachable.done();
    await restarted;
    assert.ok(
        seen.some((count) => count > 0),
        "no container was restarted",
    );
    await stage.assertHandedOver();
    await stage.succeeds("destroy", stage.arguments());
    await stage.assertAsBefore();
}

const restartedCanary: Scenario = {
    name: "canary-restarted",
    title: "STS is unreachable when the canary starts: its container restarts, and the hand-over goes on",
    quick: true,
    // The canary has no path until STS can be reached again.
    bound: { ...noGaps, canaryPodSeconds: 20, rollouts: 1, restarts: 2, outageNodeSeconds: 20 },
    play: (stage) => handsOverWithRestarts(stage, (act) => atEach([/^DELETE pods\//], act)),
};

const restartedInRollout: Scenario = {
    name: "rollout-restarted",
    title: "STS is unreachable when the first wave begins: it waits until the first containers have restarted, which must show more than zero",
    quick: false,
    bound: { podSeconds: "some", canaryPodSeconds: 0, rollouts: 2, restarts: 2, outageNodeSeconds: 60 },
    play: (stage) => handsOverWithRestarts(stage, (act) => atFirstWave(stage, act)),
};

async function restartsOf(stage: Stage): Promise<number[]> {
    const path = "jsonpath={.items[*].status.containerStatuses[*].restartCount}";
    const text = await kubectl(stage, "get", "pods", "-n", "kube-system", "-l", "k8s-app=aws-node", "-o", path);
    return text.split(" ").filter(Boolean).map(Number);
}

export const owners: readonly Scenario[] = [
    slowDeletion,
    appliedByKubectl,
    releasedByHelm,
    restartedCanary,
    restartedInRollout,
];
