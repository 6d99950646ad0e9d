import { listNames } from "../model/listNames";
import type { Memory, Step } from "../model/steps";
import type { ClusterSeen, NodeSeen, World } from "../model/world";
import { wakeStep } from "./fleet";

/** After that, the rest of the update continues: the pods may be refused for a reason that time does not cure. */
const LIMIT_MILLISECONDS = 30_000;

/**
 * Makes the DaemonSet controller retry pods that the API server has refused, until they exist.
 *
 * The controller backs off for up to a quarter of an hour, and the Kubernetes provider waits for it when it applies the patch of
 * the DaemonSet. So this comes before that patch.
 */
export function nextWakeStep({ cluster, at }: World, memory: Memory): Step {
    const empty = refusedNodes(cluster);
    const done: Step = { do: "done", why: "no pod is refused" };
    if (empty.length === 0 || at - memory.startedAt >= LIMIT_MILLISECONDS) {
        return done;
    }
    return wakeStep(empty, cluster, memory, at) ?? { do: "wait", why: `no pod yet on ${listNames(empty)}` };
}

/** Why the next update has to make the controller retry. Undefined if no pod is refused. */
export function refusedPodsLine(cluster: ClusterSeen): string | undefined {
    const empty = refusedNodes(cluster);
    return empty.length === 0
        ? undefined
        : `The API server refused the pods for ${listNames(empty)}. The next update makes the DaemonSet controller retry.`;
}

/** The Ready nodes without a pod, if the API server has refused pods. */
function refusedNodes({ nodes, pods, refusedPods }: ClusterSeen): NodeSeen[] {
    const occupied = new Set(pods.map(({ node }) => node));
    return refusedPods.length === 0 ? [] : nodes.filter(({ name, ready }) => ready && !occupied.has(name));
}
