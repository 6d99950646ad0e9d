import { describeCredentials } from "../model/carriedRole";
import { countOf } from "../model/countOf";
import { isAnnotated } from "../model/isAnnotated";
import { listNames } from "../model/listNames";
import { refusals } from "../model/refusals";
import { Memory, Step } from "../model/steps";
import type { ClusterSeen, NodeSeen, PodSeen, World } from "../model/world";
import { complaintStep } from "./complaints";
import { hasDelivery } from "./delivered";
import { deliverAgainStep } from "./delivery";
import type { DetachmentTarget } from "./detachmentTarget";
import { awaitFleet, Fleet, forceRestartWrong, howManyCarry, isLate, restartWrong, wakeStep, whyForced } from "./fleet";
import { HeldUp, untestedLine } from "./heldUp";
import { leavingState } from "./leaving";
import { describeNodes } from "./places";
import { untestedPods } from "./untestedPods";

/** Restarts the pods without the role, within the DaemonSet's own limit, and waits for the rest. */
export function verificationStep(
    target: DetachmentTarget,
    held: HeldUp,
    world: World,
    memory: Memory,
): Step | undefined {
    const { subject } = target;
    const { cluster } = world;
    const { fleet, ignored } = held;
    if (!isAnnotated(subject, cluster)) {
        return deliverAgainStep(target, world, "the service account has lost its annotation: annotating it again");
    }
    const complaint = complaintStep(fleet, target, world);
    if (complaint !== undefined) {
        return complaint;
    }
    // A rolling update replaces pods with an older template by itself. The pods that the webhook missed are restarted here. The
    // rolling update is stuck while nodes that do not respond use up its limit.
    // https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/#daemonset-rolling-update-is-stuck
    const { updateStrategy, maxUnavailable = 1 } = cluster.daemonSet ?? {};
    const rolling = updateStrategy === "RollingUpdate" && ignored.length < maxUnavailable;
    // Policies that this run has detached or attached again were detached once all pods worked with the role.
    const wereVerified = memory.detachedAt !== undefined || memory.attachedAt !== undefined;
    const untested = wereVerified ? [] : untestedPods(fleet.wrong, target, world, memory);
    const kept = new Set([...untested, ...onLeavingNodes(fleet.wrong, world)]);
    const toRestart = fleet.wrong.filter((pod) => (!rolling || pod.current) && !kept.has(pod));
    const restart = restartWrong({ ...fleet, wrong: toRestart }, memory, world.at, describeCredentials);
    if (restart !== undefined) {
        return restart;
    }
    if (fleet.wrong.length > kept.size) {
        return {
            do: "wait",
            why: `${howManyCarry(fleet)}, ${countOf(fleet.wrong.length - kept.size, "still has", "still have")} the old template`,
        };
    }
    return (
        wakeStep(fleet.nodesWithoutPod, cluster, memory, world.at) ??
        unworkingStep(target, held, world, memory) ??
        awaitFleet({ ...held.awaited, right: fleet.right }, cluster, memory, world.at) ??
        untestedStep(untested, fleet, world) ??
        waitFor(untestedLine(held)) ??
        waitFor(leavingLine(onLeavingNodes(fleet.wrong, world)))
    );
}

const waitFor = (why: string | undefined): Step | undefined => (why === undefined ? undefined : { do: "wait", why });

/** The pods on nodes whose instance is being terminated. They run until it is, and restart on no other node. */
function onLeavingNodes(pods: readonly PodSeen[], world: World): PodSeen[] {
    const leaving = new Set(
        world.cluster.nodes.filter((node) => leavingState(node, world) !== undefined).map(({ name }) => name),
    );
    return pods.filter(({ node }) => leaving.has(node));
}

function leavingLine(pods: readonly PodSeen[]): string | undefined {
    return pods.length === 0
        ? undefined
        : `these pods do not carry the role until they leave with their nodes: ${listNames(pods)}`;
}

/**
 * Pods that carry the role and cannot use it, in a place where no pod works with it. Their nodes were NotReady while the canaries were watched. A
 * run of the rollout takes them back. Undefined if there are none.
 */
function unworkingStep(
    { canarySeconds, subject }: DetachmentTarget,
    { awaited, untestedPlaces }: HeldUp,
    world: World,
    memory: Memory,
): Step | undefined {
    const untested = new Set(
        untestedPlaces.flatMap(({ nodes }) => nodes.filter(({ ready }) => ready).map(({ name }) => name)),
    );
    const late = awaited.starting.filter(
        (pod) =>
            untested.has(pod.node) && pod.startProblem === undefined && isLate(pod, canarySeconds, memory, world.at),
    );
    return late.length === 0
        ? undefined
        : {
              do: "refuse",
              refusal: refusals.placeUnusable(late, describeNodes(late, world), subject.roleArn, canarySeconds),
          };
}

/** Undefined if there are none. */
function untestedStep(untested: readonly PodSeen[], fleet: Fleet, world: World): Step | undefined {
    const theirs = new Set(untested.map(({ node }) => node));
    const silent = world.cluster.nodes.filter(({ name, ready }) => !ready && theirs.has(name));
    if (silent.length > 0) {
        return {
            do: "wait",
            why: `${String(fleet.right.length)} of ${String(fleet.right.length + untested.length)} pods carry the role (NotReady: ${listNames(silent)})`,
        };
    }
    return untested.length === 0
        ? undefined
        : { do: "refuse", refusal: refusals.canaryMissing(untested, describeNodes(untested, world)) };
}

export function ignoredNodesStep(
    target: DetachmentTarget,
    ignored: readonly NodeSeen[],
    cluster: ClusterSeen,
    memory: Memory,
    at: number,
): Step | undefined {
    const nodes = new Set(ignored.map(({ name }) => name));
    const wrong = cluster.pods.filter((pod) => nodes.has(pod.node) && !hasDelivery(pod, target));
    return forceRestartWrong(wrong, memory, at, whyForced);
}
