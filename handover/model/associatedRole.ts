import { type AssociationsSeen, ASSOCIATION_MARGIN_MILLISECONDS, faultOf } from "./association";
import type { AccountSeen, ClusterSeen, PodSeen } from "./world";

/**
 * The same cluster, in which the pods with container credentials have the role of the association.
 *
 * A pod does not show that role. It has it if the service account has exactly one association, without a target role or a session policy, and if
 * the pod was created a margin after EKS changed the association last. Nothing is known about an older pod.
 */
export function withAssociatedRole(
    cluster: ClusterSeen,
    { associations }: Pick<AccountSeen, "associations">,
): ClusterSeen {
    const isConcerned = cluster.pods.some(({ credentials }) => credentials.kind === "containerCredentials");
    return associations === undefined || !isConcerned
        ? cluster
        : { ...cluster, pods: cluster.pods.map((pod) => withRole(pod, associations)) };
}

function withRole(pod: PodSeen, seen: AssociationsSeen): PodSeen {
    const { credentials, createdAt } = pod;
    if (credentials.kind !== "containerCredentials") {
        return pod;
    }
    const { kind, what, fault } = credentials;
    const [association, ...others] = seen.is === "seen" ? seen.associations : [];
    const isOfIt =
        association !== undefined &&
        others.length === 0 &&
        faultOf(association) === undefined &&
        fault === undefined &&
        createdAt >= association.modifiedAt + ASSOCIATION_MARGIN_MILLISECONDS;
    const known = { kind, what, ...(fault === undefined ? {} : { fault }) };
    return { ...pod, credentials: isOfIt ? { ...known, roleArn: association.roleArn } : known };
}
