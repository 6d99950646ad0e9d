import type { ClusterSeen, NodeRoleSeen } from "../model/world";

/**
 * The instances of this cluster that run with these node roles, and have to join before a policy is detached.
 *
 * With the injection guard, none of this cluster has to: the API server gives the next pod of any node the role, or refuses it. An instance whose tags
 * name several clusters may join another one, where no guard protects its pod. Without the guard, the webhook may miss the pod of any instance.
 */
export function unjoinedInstances(
    { injectionGuard }: { readonly injectionGuard: boolean },
    roles: readonly NodeRoleSeen[],
    { nodes }: ClusterSeen,
): string[] {
    const joined = new Set(nodes.map(({ instanceId }) => instanceId));
    return roles
        .flatMap(({ instancesOfCluster, instancesOfSeveralClusters = [] }) =>
            injectionGuard ? instancesOfSeveralClusters : instancesOfCluster,
        )
        .filter((id) => !joined.has(id));
}
