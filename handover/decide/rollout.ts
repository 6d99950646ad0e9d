import { describeCredentials } from "../model/carriedRole";
import { countOf } from "../model/countOf";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { PodSeen, World } from "../model/world";
import { judgedWorld, nextCanaryStep, RolloutTarget } from "./canary";
import { complaintStep } from "./complaints";
import { hasDelivery } from "./delivered";
import { awaitFleet, Fleet, fleetOf, isLate, restartWrong } from "./fleet";
import { withoutLeaving } from "./leaving";
import { describeNodes, placesWithout } from "./places";
import { hasWorkedIn, withoutJoining } from "./seen";

/**
 * The canaries, then the other pods in waves.
 *
 * A wave begins when every pod of the wave before it is Ready with the role, so that no more than one wave of pods is ever without a path.
 * It is no larger than the DaemonSet's maxUnavailable, and no larger than the number of pods that this run has seen to work: the first waves
 * are small. Pods restart by deletion under every update strategy. A changed pod template would restart every
 * pod, and a reverted one would restart the pods of the earlier waves again.
 *
 * Pods on NotReady nodes are left to the verification, which names these nodes. A node that joins while the rollout goes on gets its first pod
 * with the role, so no wave waits for it.
 */
export function nextRolloutStep(target: RolloutTarget, look: World, memory: Memory): Step {
    const world = judgedWorld(target, look, memory);
    const canary = nextCanaryStep(target, world, memory);
    return canary.do === "done"
        ? (waveStep(target, world, memory) ?? { ...canary, ...finished(target, world) })
        : canary;
}

/** How many pods work. The canaries say nothing of a cluster without pods. */
function finished(target: RolloutTarget, { cluster }: World): { readonly why?: string } {
    const { length } = readyFleet(target, cluster).right;
    return length === 0 ? {} : { why: `${countOf(length, "pod works", "pods work")} with the role` };
}

/** How many pods on Ready nodes do not work with the role yet. */
export function podsLeft(target: RolloutTarget, look: World): number {
    const { cluster } = withoutLeaving(look);
    const { right } = readyFleet(target, cluster);
    return cluster.nodes.filter(({ ready }) => ready).length - right.length;
}

/** @param memory Without it, the nodes that are joining count too. */
function readyFleet(target: RolloutTarget, cluster: World["cluster"], memory?: Memory): Fleet {
    const isRight = (pod: PodSeen) => hasDelivery(pod, target);
    const nodes = cluster.nodes.filter(({ ready }) => ready);
    return fleetOf(cluster, memory ? withoutJoining(nodes, cluster, memory, isRight) : nodes, isRight, false);
}

/** Undefined when every pod on a Ready node works with the role. */
function waveStep(target: RolloutTarget, world: World, memory: Memory): Step | undefined {
    const { cluster, at } = world;
    const fleet = readyFleet(target, cluster, memory);
    const failed = failedWave(target, fleet, world, memory);
    if (failed !== undefined) {
        return failed;
    }
    const inFlight = awaitFleet(fleet, cluster, memory, at);
    if (inFlight !== undefined) {
        return inFlight;
    }
    const wave = { ...fleet, wrong: podsOfWave(fleet, world, memory) };
    return restartWrong(wave, memory, at, describeCredentials, largestWave(target, seenToWork(fleet, memory)));
}

/** How many pods have to be born one after another with an association. */
const ONE_AFTER_ANOTHER = 3;

/**
 * With Pod Identity, one good pod proves little: for minutes after a change, the webhook may give one pod its credentials and miss the next
 * (https://github.com/aws/eks-pod-identity-agent/issues/153). So the first pods restart one after another.
 */
function largestWave({ subject }: RolloutTarget, worked: readonly PodSeen[]): number {
    return subject.delivery === "podIdentity" && bornInTurn(worked) < ONE_AFTER_ANOTHER
        ? 1
        : Math.max(1, worked.length);
}

/** How many of these pods were created one after another, each when the one before was Ready. The canaries of several places are not. */
function bornInTurn(pods: readonly PodSeen[]): number {
    let born = 0;
    let from = -Infinity;
    for (const { createdAt, readySince = Infinity } of [...pods].sort((a, b) => a.createdAt - b.createdAt)) {
        if (createdAt >= from) {
            born += 1;
            from = readySince;
        }
    }
    return born;
}

/**
 * The pods that this run has restarted and seen to work. Pods that an earlier run restarted say nothing about what has failed since, so the
 * waves begin with one pod again.
 */
function seenToWork({ right }: Fleet, { restarts }: Memory): readonly PodSeen[] {
    return right.filter(({ node }) => restarts[node] !== undefined);
}

/** Whether the present wave has failed: for its credentials, or because its pods do not start at all. */
function failedWave(target: RolloutTarget, fleet: Fleet, world: World, memory: Memory): Step | undefined {
    const { canarySeconds } = target;
    const complaint = complaintStep(fleet, target, world);
    if (complaint !== undefined) {
        return complaint;
    }
    const late = fleet.starting.filter((pod) => isLate(pod, canarySeconds, memory, world.at));
    const withoutPath = late.filter(({ startProblem }) => startProblem === undefined);
    if (withoutPath.length > 0) {
        return refuse(refusals.waveFailed(withoutPath, describeNodes(withoutPath, world), canarySeconds));
    }
    // The other pods of the wave may not work with the role: they are not left without a path.
    const undecided = fleet.starting.some(({ startProblem }) => startProblem === undefined);
    return late.length > 0 && !undecided
        ? refuse(
              refusals.podsDoNotStart(
                  fleet.starting,
                  describeNodes(fleet.starting, world),
                  target.subject.serviceAccount,
              ),
          )
        : undefined;
}

const refuse = (refusal: Extract<Step, { do: "refuse" }>["refusal"]) => ({ do: "refuse", refusal }) satisfies Step;

/**
 * While places are untested, only one pod in each of them restarts, and the pods that are not Ready, wherever they are: each of these takes one of the
 * pods that may be unavailable, and no wave would ever begin.
 */
function podsOfWave(fleet: Fleet, world: World, memory: Memory): readonly PodSeen[] {
    const untested = onePodInEachUntestedPlace(fleet, world, memory);
    return untested.length === 0 ? fleet.wrong : fleet.wrong.filter((pod) => untested.includes(pod) || !pod.ready);
}

/**
 * There may be more places than canaries. The next waves test the others, with one pod each. Once a pod has worked in a place for long enough, the
 * place stays tested although its node leaves: otherwise nodes that come and go would hold up the waves of a large cluster.
 */
function onePodInEachUntestedPlace(fleet: Fleet, world: World, memory: Memory): PodSeen[] {
    return placesWithout(fleet.right, world)
        .filter((place) => !hasWorkedIn(place, memory))
        .flatMap(({ nodes }) => fleet.wrong.find(({ node }) => nodes.some(({ name }) => name === node)) ?? []);
}
