import type { ClusterSeen, NodeSeen } from "../model/world";

/** The Ready nodes without a pod, if the API server has refused pods. */
export function refusedNodes({ nodes, pods, refusedPods }: ClusterSeen): NodeSeen[] {
    const occupied = new Set(pods.map(({ node }) => node));
    return refusedPods.length === 0 ? [] : nodes.filter(({ name, ready }) => ready && !occupied.has(name));
}
