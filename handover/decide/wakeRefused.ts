import { listNames } from "../model/listNames";
import type { ClusterSeen, NodeSeen } from "../model/world";

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
