import { type AssociationsSeen, ASSOCIATION_MARGIN_MILLISECONDS, faultOf } from "./association";
import type { AccountSeen, ClusterSeen, OtherCarrier, PodSeen } from "./world";

/**
 * The same cluster, in which the pods with container credentials have the role of the association.
 *
 * A pod does not show that role. It has it if the service account has exactly one association, without a target role or a session policy, and if
 * the pod was created a margin after EKS changed the association last. Nothing is known about an older pod.
 *
 * The same holds for the service account's pods of other DaemonSets.
 */
export function withAssociatedRole(
    cluster: ClusterSeen,
    { associations }: Pick<AccountSeen, "associations">,
): ClusterSeen {
    const { pods, otherCarriers = [] } = cluster;
    const isConcerned =
        pods.some(({ credentials }) => credentials.kind === "containerCredentials") ||
        otherCarriers.some(({ associated }) => associated !== undefined);
    return associations === undefined || !isConcerned
        ? cluster
        : {
              ...cluster,
              pods: pods.map((pod) => withRole(pod, associations)),
              ...(otherCarriers.length === 0
                  ? {}
                  : { otherCarriers: otherCarriers.map((pod) => withRoleOf(pod, associations)) }),
          };
}

function withRole(pod: PodSeen, seen: AssociationsSeen): PodSeen {
    const { credentials, createdAt } = pod;
    if (credentials.kind !== "containerCredentials") {
        return pod;
    }
    const { kind, what, fault } = credentials;
    const roleArn = fault === undefined ? roleSince(createdAt, seen) : undefined;
    const known = { kind, what, ...(fault === undefined ? {} : { fault }) };
    return { ...pod, credentials: roleArn === undefined ? known : { ...known, roleArn } };
}

function withRoleOf(pod: OtherCarrier, seen: AssociationsSeen): OtherCarrier {
    const { associated } = pod;
    const roleArn = associated && roleSince(associated.createdAt, seen);
    return associated === undefined ? pod : { ...pod, roleArns: roleArn === undefined ? [] : [roleArn] };
}

/** The role that a pod of this age has by the association. Undefined if it is unknown. */
function roleSince(createdAt: number, seen: AssociationsSeen): string | undefined {
    const [association, ...others] = seen.is === "seen" ? seen.associations : [];
    const isOfIt =
        association !== undefined &&
        others.length === 0 &&
        faultOf(association) === undefined &&
        createdAt >= association.modifiedAt + ASSOCIATION_MARGIN_MILLISECONDS;
    return isOfIt ? association.roleArn : undefined;
}
