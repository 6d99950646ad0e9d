import { countOf } from "../model/countOf";
import { listNames } from "../model/listNames";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { ClusterSeen, NodeSeen, PodSeen, World } from "../model/world";

/** The pods of a set of nodes, grouped by whether they are in the wanted state. */
export interface Fleet {
    /** Pods in the wanted state that are Ready. */
    readonly right: readonly PodSeen[];
    /** Pods that are not in the wanted state, and not terminating. */
    readonly wrong: readonly PodSeen[];
    /** Pods in the wanted state that are not Ready yet. */
    readonly starting: readonly PodSeen[];
    /** Terminating pods. They run until they are gone. */
    readonly terminating: readonly PodSeen[];
    /** Nodes without a pod, not counting terminating ones. */
    readonly nodesWithoutPod: readonly NodeSeen[];
    /** How many more pods may be unavailable. A pod that is not Ready does not count: it restarts only if it has not changed since the look. */
    readonly budget: number;
}

/** How often a run restarts the pod of one node before it refuses. */
const RESTART_LIMIT = 5;
/** The minimum age of a replacement before it is restarted as well. It doubles each time, since a webhook may be late. */
const FIRST_PAUSE_MILLISECONDS = 2000;
/** The DaemonSet controller backs off after each refusal. A write to the DaemonSet makes it retry at once. */
const WAKE_EVERY_MILLISECONDS = 5000;

/**
 * @param needsCurrentTemplate Whether a pod of an older template is wrong. Under OnDelete it never is: a newer template waits there until the pod restarts.
 */
export function fleetOf(
    cluster: ClusterSeen,
    nodes: readonly NodeSeen[],
    isRight: (pod: PodSeen) => boolean,
    needsCurrentTemplate = true,
): Fleet {
    const names = new Set(nodes.map(({ name }) => name));
    const pods = cluster.pods.filter(({ node }) => names.has(node));
    const staying = pods.filter(({ terminating }) => !terminating);
    const occupied = new Set(staying.map(({ node }) => node));
    const mayBeOlder = !needsCurrentTemplate || cluster.daemonSet?.updateStrategy === "OnDelete";
    const fits = (pod: PodSeen) => isRight(pod) && (pod.current || mayBeOlder);
    const available = new Set(staying.filter(({ ready }) => ready).map(({ node }) => node));
    return {
        right: staying.filter((pod) => fits(pod) && pod.ready),
        wrong: staying.filter((pod) => !fits(pod)),
        starting: staying.filter((pod) => fits(pod) && !pod.ready),
        terminating: pods.filter(({ terminating }) => terminating),
        nodesWithoutPod: nodes.filter(({ name }) => !occupied.has(name)),
        budget: (cluster.daemonSet?.maxUnavailable ?? 1) - (nodes.length - available.size),
    };
}

/**
 * Restarts wrong pods as one wave: no more at a time than the DaemonSet's own limit allows. A pod that is not Ready has nothing to lose, and
 * does not count. Undefined if no pod is wrong.
 *
 * @param atMost A lower limit for this wave.
 */
export function restartWrong(
    fleet: Fleet,
    memory: Memory,
    at: number,
    why: (pod: PodSeen) => string,
    atMost = Infinity,
): Step | undefined {
    const { wrong, budget } = fleet;
    const [first] = inOrder(wrong, memory, at);
    if (first === undefined) {
        return undefined;
    }
    const limited = restartLimitStep(first, memory, at, why);
    if (limited !== undefined) {
        return limited;
    }
    const free = wrong.filter((pod) => mayRestart(pod, memory, at));
    const pods = [
        ...free.filter(({ ready }) => !ready),
        ...free.filter(({ ready }) => ready).slice(0, Math.max(0, Math.min(budget, atMost))),
    ];
    return pods.length > 0
        ? { do: "restart", pods, why: whyRestarted(pods, why) }
        : {
              do: "wait",
              why: `${countOf(wrong.length, "pod", "pods")} to restart, ${String(fleet.starting.length)} starting`,
              readyOn: unsettledNodes(fleet),
          };
}

/** For a message: `3 pods carry the role`. */
export function howManyCarry({ right }: Pick<Fleet, "right">): string {
    return `${countOf(right.length, "pod carries", "pods carry")} the role`;
}

/** For example `pod-a carries no role of its own; with it pod-b, pod-c`. */
function whyRestarted([first, ...others]: readonly PodSeen[], why: (pod: PodSeen) => string): string {
    const reason = first === undefined ? "" : why(first);
    return others.length === 0 ? reason : `${reason}; with it ${listNames(others)}`;
}

/** Removes one wrong pod from the API whose node does not respond. The kubelet stops it when it returns. */
export function forceRestartWrong(
    wrong: readonly PodSeen[],
    memory: Memory,
    at: number,
    why: (pod: PodSeen) => string,
): Step | undefined {
    const [pod] = inOrder(wrong, memory, at);
    return pod && (restartLimitStep(pod, memory, at, why) ?? { do: "forceRestart", pod, why: why(pod) });
}

export function whyForced({ node }: PodSeen): string {
    return `${node} is NotReady: its kubelet stops the pod when the node is back`;
}

/** Pods that need no pause come first, and among them pods that are not Ready, whose restart costs nothing. */
function inOrder(pods: readonly PodSeen[], memory: Memory, at: number): PodSeen[] {
    return [...pods].sort(
        (a, b) =>
            Number(remainingPause(a, memory, at) > 0) - Number(remainingPause(b, memory, at) > 0) ||
            Number(a.ready) - Number(b.ready),
    );
}

function restartLimitStep(pod: PodSeen, memory: Memory, at: number, why: (pod: PodSeen) => string): Step | undefined {
    if ((memory.restarts[pod.node] ?? 0) >= RESTART_LIMIT) {
        return { do: "refuse", refusal: refusals.restartLimitReached(pod, RESTART_LIMIT, why(pod)) };
    }
    return remainingPause(pod, memory, at) > 0
        ? { do: "wait", why: `${why(pod)}; restarting it again after a pause` }
        : undefined;
}

function mayRestart(pod: PodSeen, memory: Memory, at: number): boolean {
    return (memory.restarts[pod.node] ?? 0) < RESTART_LIMIT && remainingPause(pod, memory, at) <= 0;
}

function remainingPause({ node, createdAt }: PodSeen, { restarts }: Memory, at: number): number {
    const before = restarts[node] ?? 0;
    return before === 0 ? 0 : createdAt + FIRST_PAUSE_MILLISECONDS * 2 ** (before - 1) - at;
}

/** Waits until every node has its pod, and no pod is starting or terminating. Undefined when that is reached. */
export function awaitFleet(fleet: Fleet, cluster: ClusterSeen, memory: Memory, at: number) {
    const { nodesWithoutPod: empty, starting, terminating: leaving, right, wrong } = fleet;
    const ready = right.length + wrong.filter((pod) => pod.ready).length;
    const total = right.length + wrong.length + starting.length + empty.length;
    const wake = wakeStep(empty, cluster, memory, at);
    if (wake !== undefined) {
        return wake;
    }
    const waits = [
        ...(empty.length > 0 ? [`no pod yet on ${listNames(empty)}`] : []),
        ...(starting.length > 0 ? [`not Ready yet: ${listNames(starting)}`] : []),
        ...(leaving.length > 0 ? [`still terminating: ${listNames(leaving)}`] : []),
    ];
    const notReady = cluster.nodes.filter(({ ready }) => !ready);
    if (waits.length > 0 && notReady.length > 0) {
        waits.push(`NotReady: ${listNames(notReady)}`);
    }
    if (waits.length > 0 && wrong.length > 0) {
        waits.push(`yet to restart: ${String(wrong.length)}`);
    }
    if (waits.length === 0) {
        return undefined;
    }
    return {
        do: "wait",
        why: `${String(ready)} of ${String(total)} pods are Ready (${waits.join("; ")})`,
        readyOn: unsettledNodes(fleet),
    } satisfies Step;
}

/** The nodes whose pod is missing, starting or terminating. */
function unsettledNodes({ nodesWithoutPod, starting, terminating }: Fleet): string[] {
    return [
        ...new Set([
            ...nodesWithoutPod.map(({ name }) => name),
            ...[...starting, ...terminating].map(({ node }) => node),
        ]),
    ];
}

/** Makes the DaemonSet controller retry if pods were refused. Undefined if that is not needed, or was just done. */
export function wakeStep(
    empty: readonly NodeSeen[],
    cluster: ClusterSeen,
    memory: Memory,
    at: number,
): Step | undefined {
    return empty.length > 0 && cluster.refusedPods.length > 0 && at - (memory.wokenAt ?? 0) > WAKE_EVERY_MILLISECONDS
        ? {
              do: "wake",
              why: `the API server refused the pods for ${listNames(empty)}; making the DaemonSet controller retry`,
          }
        : undefined;
}

/** Removes the wake mark, once all pods exist: another wake would write it again. Undefined if there is no mark. */
export function wakeMarkStep({ daemonSet }: ClusterSeen): Step | undefined {
    return daemonSet?.woken
        ? { do: "removeWakeMark", why: "removing the annotation that made the DaemonSet controller retry" }
        : undefined;
}

/**
 * Milliseconds until each of the pods has been Ready for this time. A look at a large account takes long: what happens to a pod meanwhile is not
 * seen.
 */
export function untilStable(pods: readonly PodSeen[], stableSeconds: number, { at, cluster }: World): number {
    const { seenAt = at } = cluster;
    return Math.max(0, ...pods.map(({ readySince }) => (readySince ?? seenAt) + stableSeconds * 1000 - seenAt));
}

/** A container that has restarted more often than this does not work, even if its pod was Ready for a moment in between. */
const FEW_RESTARTS = 2;

/**
 * Whether a pod is not Ready, and its limit has passed since it was created, since it was last Ready, or since this run began, whichever is the
 * latest. A pod that cannot use its credentials is never Ready (amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, nodeInit), so its limit begins when it is
 * created. A pod that misses one readiness probe has worked with them, and gets the whole limit again.
 *
 * A pod that is Ready again and again, and not for long, is never late. The run ends all the same: its own limit begins again only when less
 * is left than ever before (run/loop.ts), which happens at most once for each pod.
 */
export function isLate(
    { ready, createdAt, unreadySince = 0, startProblem, restarts }: PodSeen,
    limitSeconds: number,
    { startedAt }: Memory,
    at: number,
): boolean {
    const isCrashing = startProblem !== undefined && restarts > FEW_RESTARTS;
    return !ready && at - Math.max(createdAt, isCrashing ? 0 : unreadySince, startedAt) >= limitSeconds * 1000;
}
