import type { Memory } from "../model/steps";
import type { ClusterSeen, NodeRoleSeen, UnjoinedInstance } from "../model/world";

/**
 * How long an instance may take from its launch until it joins. Autoscalers give up after the same time: sigs.k8s.io/karpenter
 * pkg/controllers/nodeclaim/lifecycle/liveness.go (registrationTimeout), and cluster-autoscaler, --max-node-provision-time.
 */
const JOINS_WITHIN_MILLISECONDS = 15 * 60_000;

/** The instances of the cluster that run with these roles and are not nodes. A node that runs no pod of the DaemonSet has joined, too. */
export function unjoinedInstances(
    roles: readonly NodeRoleSeen[],
    { nodes, otherNodes = [] }: ClusterSeen,
): UnjoinedInstance[] {
    const joined = new Set([...nodes, ...otherNodes].map(({ instanceId }) => instanceId));
    return roles.flatMap(({ unjoined = [] }) => unjoined).filter(({ id }) => !joined.has(id));
}

/**
 * The instances that were about to join when a run began. No others join by themselves: an instance that is stopped, hibernated or kept in a
 * warm pool waits for others to start it, and one that runs for long has failed, or waits in a warm pool, too. An autoscaled cluster always has
 * younger ones, so they do not count.
 */
export function joiningInstances(
    unjoined: readonly UnjoinedInstance[],
    { startedAt }: Pick<Memory, "startedAt">,
    at: number,
): UnjoinedInstance[] {
    return unjoined.filter(
        ({ state, launchedAt }) =>
            (state === "pending" || state === "running") &&
            launchedAt <= startedAt &&
            at - launchedAt < JOINS_WITHIN_MILLISECONDS,
    );
}

/** For a message: `i-1 (stopped)`. */
export const describeInstance = ({ id, state }: UnjoinedInstance) => `${id} (${state})`;
