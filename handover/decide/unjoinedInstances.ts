import type { ClusterSeen, NodeRoleSeen } from "../model/world";

/**
 * The instances of this cluster that run with these node roles, and have to join before a policy is detached.
 *
 * With the injection guard, none has to: the API server gives the next pod of any node the role, or refuses it. Without the guard, it may be a pod
 * that the webhook misses, which uses the node role.
 */
export function unjoinedInstances(
    { injectionGuard }: { readonly injectionGuard: boolean },
    roles: readonly NodeRoleSeen[],
    { nodes }: ClusterSeen,
): string[] {
    const joined = new Set(nodes.map(({ instanceId }) => instanceId));
    return injectionGuard
        ? []
        : roles.flatMap((role) => role.instancesOfCluster).filter((id) => !joined.has(id));
}
