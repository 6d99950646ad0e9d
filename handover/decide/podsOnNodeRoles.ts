import { isAnnotated } from "../model/isAnnotated";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { ClusterSeen, NodeRoleSeen, OtherNodeSeen, PodOnNodeRole } from "../model/world";

/** The nodes that the DaemonSet does not select, and that run with these roles. */
export function otherNodesOf(
    roles: readonly NodeRoleSeen[],
    { otherNodes = [] }: ClusterSeen,
): readonly OtherNodeSeen[] {
    const instances = new Set(roles.flatMap(({ instancesOfCluster }) => instancesOfCluster));
    return otherNodes.filter(({ instanceId }) => instances.has(instanceId));
}

/**
 * Why these roles must keep their policies: pods of another DaemonSet of the plugin use the permissions, on nodes that this DaemonSet does not
 * select. They are no pods of the hand-over, so nothing restarts them here. Undefined if there are none.
 *
 * Before the service account is annotated, those that have it too are no reason: only then does a restart give them the role.
 */
export function nodeRoleInUse(
    subject: Subject,
    roles: readonly NodeRoleSeen[],
    cluster: ClusterSeen,
): Refusal | undefined {
    const found = otherNodesOf(roles, cluster).flatMap(({ podsOnNodeRole = [] }) => podsOnNodeRole);
    const pods = isAnnotated(subject, cluster)
        ? found
        : found.filter(({ sharesServiceAccount }) => !sharesServiceAccount);
    const [first] = pods;
    return (
        first &&
        refusals.podsOnNodeRole(
            subject,
            pods.filter((pod) => isSameDaemonSet(pod, first)),
        )
    );
}

function isSameDaemonSet({ daemonSet: a }: PodOnNodeRole, { daemonSet: b }: PodOnNodeRole): boolean {
    return a.namespace === b.namespace && a.name === b.name;
}
