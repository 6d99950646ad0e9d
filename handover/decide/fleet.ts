import { listNames } from "../model/listNames";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { ClusterSeen, NodeSeen, PodSeen } from "../model/world";

/** What the pods of a node look like to somebody who wants each of them to be in one way. */
export interface Fleet {
    /** Nodes with a pod that is right, Ready and of the current template, and nothing else. */
    readonly right: readonly PodSeen[];
    /** Pods that are not as wanted and not on their way out. */
    readonly wrong: readonly PodSeen[];
    /** Pods that are as wanted and not Ready yet. */
    readonly starting: readonly PodSeen[];
    /** Pods on their way out. They run until they are gone. */
    readonly leaving: readonly PodSeen[];
    /** Nodes without a pod that is not on its way out. */
    readonly empty: readonly NodeSeen[];
    /** How many more pods may be missing. Those that are not Ready anyway cost nothing. */
    readonly budget: number;
}

/** How often a pod of one node is restarted before a run gives up on it. */
const RESTART_LIMIT = 5;
/** Before a pod that took a restarted one's place is restarted as well; twice as long each time, since a webhook may be late. */
const FIRST_PAUSE_MILLISECONDS = 2000;
/** The DaemonSet's controller waits longer after each refusal; a write to the DaemonSet has it try at once. */
const WAKE_EVERY_MILLISECONDS = 5000;

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
    const fits = (pod: PodSeen) => isRight(pod) && (pod.current || !needsCurrentTemplate);
    const available = new Set(staying.filter(({ ready }) => ready).map(({ node }) => node));
    return {
        right: staying.filter((pod) => fits(pod) && pod.ready),
        wrong: staying.filter((pod) => !fits(pod)),
        starting: staying.filter((pod) => fits(pod) && !pod.ready),
        leaving: pods.filter(({ terminating }) => terminating),
        empty: nodes.filter(({ name }) => !occupied.has(name)),
        budget: (cluster.daemonSet?.maxUnavailable ?? 1) - (nodes.length - available.size),
    };
}

/** Restarts one wrong pod, if the DaemonSet's own limit allows it. Undefined when there is none. */
export function restartWrong(
    fleet: Fleet,
    memory: Memory,
    at: number,
    why: (pod: PodSeen) => string,
): Step | undefined {
    const { wrong, budget } = fleet;
    const [pod] = inOrder(wrong, memory, at);
    if (pod === undefined) {
        return undefined;
    }
    return (
        restartedEnough(pod, memory, at, why) ??
        (!pod.ready || budget > 0
            ? { do: "restart", pod, why: why(pod) }
            : { do: "wait", why: `${String(wrong.length)} pods to restart, ${String(fleet.starting.length)} starting` })
    );
}

/** Takes one wrong pod of a node that does not answer out of the API: the kubelet ends it when it returns. */
export function forceRestartWrong(
    wrong: readonly PodSeen[],
    memory: Memory,
    at: number,
    why: (pod: PodSeen) => string,
): Step | undefined {
    const [pod] = inOrder(wrong, memory, at);
    return pod && (restartedEnough(pod, memory, at, why) ?? { do: "forceRestart", pod, why: why(pod) });
}

export function whyForced({ node }: PodSeen): string {
    return `${node} is NotReady: its kubelet ends the pod when it returns`;
}

/** Those that need no pause first, and of them those that are not Ready, which cost nothing. */
function inOrder(pods: readonly PodSeen[], memory: Memory, at: number): PodSeen[] {
    return [...pods].sort(
        (a, b) =>
            Number(pauseLeft(a, memory, at) > 0) - Number(pauseLeft(b, memory, at) > 0) ||
            Number(a.ready) - Number(b.ready),
    );
}

function restartedEnough(pod: PodSeen, memory: Memory, at: number, why: (pod: PodSeen) => string): Step | undefined {
    if ((memory.restarts[pod.node] ?? 0) >= RESTART_LIMIT) {
        return { do: "refuse", refusal: refusals.restartLimitReached(pod, RESTART_LIMIT, why(pod)) };
    }
    return pauseLeft(pod, memory, at) > 0
        ? { do: "wait", why: `${why(pod)}; restarting it again after a pause` }
        : undefined;
}

function pauseLeft({ node, createdAt }: PodSeen, { restarts }: Memory, at: number): number {
    const before = restarts[node] ?? 0;
    return before === 0 ? 0 : createdAt + FIRST_PAUSE_MILLISECONDS * 2 ** (before - 1) - at;
}

/** Waits until no node is without its pod and no pod is on its way. Undefined when all are there. */
export function awaitFleet(
    { empty, starting, leaving, right }: Fleet,
    cluster: ClusterSeen,
    memory: Memory,
    at: number,
) {
    const total = right.length + starting.length + empty.length;
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
    return waits.length === 0
        ? undefined
        : ({
              do: "wait",
              why: `${String(right.length)} of ${String(total)} pods are Ready (${waits.join("; ")})`,
          } satisfies Step);
}

/** Has the DaemonSet's controller try again where pods were refused. Undefined when it is not needed, or was done just now. */
export function wakeStep(
    empty: readonly NodeSeen[],
    cluster: ClusterSeen,
    memory: Memory,
    at: number,
): Step | undefined {
    return empty.length > 0 && cluster.refusedPods.length > 0 && at - (memory.wokenAt ?? 0) > WAKE_EVERY_MILLISECONDS
        ? { do: "wake", why: `pods of ${listNames(empty)} were refused; asking the DaemonSet to try again` }
        : undefined;
}

/** Undefined when nothing is left of a wake. Its turn comes once all pods are there: a wake before would leave it again. */
export function wakeMarkStep({ daemonSet }: ClusterSeen): Step | undefined {
    return daemonSet?.woken
        ? { do: "removeWakeMark", why: "removing the mark that made the DaemonSet try again" }
        : undefined;
}

/** Milliseconds that are still missing until each of the pods has been Ready for so long. */
export function untilStable(pods: readonly PodSeen[], stableSeconds: number, at: number): number {
    return Math.max(0, ...pods.map(({ readySince }) => (readySince ?? at) + stableSeconds * 1000 - at));
}
