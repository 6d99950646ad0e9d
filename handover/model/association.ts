import type { UnreadCall } from "./otherDelivery";

/** The Pod Identity associations of the service account, as EKS describes them. */
export type AssociationsSeen =
    | { readonly is: "seen"; readonly clusterName: string; readonly associations: readonly AssociationSeen[] }
    /** EKS was not asked, since the name of the cluster is unknown. */
    | { readonly is: "unnamed"; readonly why: string }
    | { readonly is: "unread"; readonly call: UnreadCall };

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociation.html */
export interface AssociationSeen {
    readonly id: string;
    readonly roleArn: string;
    /** When EKS changed it last, in milliseconds since the epoch. */
    readonly modifiedAt: number;
    /** The role that `roleArn` assumes for the pods. Missing if there is none. */
    readonly targetRoleArn?: string;
    /** The add-on that owns it. Missing if none does. */
    readonly ownerArn?: string;
    /** Whether it limits the sessions by a policy. Missing if it has none. */
    readonly policy?: true;
    /** Whether the sessions have no tags, so that a trust policy with conditions on them denies everything. Missing if they have tags. */
    readonly disableSessionTags?: true;
}

/**
 * How long the webhooks and EKS Auth get for an association. EKS reports nowhere that it is ready: 5 to 10 s were seen
 * (https://github.com/aws/eks-pod-identity-agent/issues/52, https://github.com/aws/containers-roadmap/issues/2507).
 */
export const ASSOCIATION_MARGIN_MILLISECONDS = 30_000;

/**
 * Whether an update by the engine leaves a part of the association that the program does not have: its AWS provider sends no null.
 *
 * Source: github.com/hashicorp/terraform-provider-aws internal/service/eks/pod_identity_association.go (Update)
 */
export function remainsInUpdate({ targetRoleArn, policy }: AssociationSeen): boolean {
    return targetRoleArn !== undefined || policy !== undefined;
}

/** Why an association does not give the pods what its role alone grants. Undefined if it does. */
export function faultOf({ targetRoleArn, ownerArn, policy, disableSessionTags }: AssociationSeen): string | undefined {
    const faults = [
        ...(targetRoleArn === undefined ? [] : [`the target role ${targetRoleArn}`]),
        ...(policy === undefined ? [] : ["a session policy"]),
        ...(disableSessionTags === undefined ? [] : ["disabled session tags"]),
        ...(ownerArn === undefined ? [] : [`the owner ${ownerArn}`]),
    ];
    return faults.length === 0 ? undefined : faults.join(", ");
}
