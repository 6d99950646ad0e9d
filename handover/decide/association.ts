import { type AssociationSeen, ASSOCIATION_MARGIN_MILLISECONDS, faultOf, remainsInUpdate } from "../model/association";
import type { HandOverRecord } from "../model/record";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { PodSeen, World } from "../model/world";

/** Whether a pod has the credentials of an association, whichever role that has. */
export function hasContainerCredentials({ credentials }: Pick<PodSeen, "credentials">): boolean {
    return credentials.kind === "containerCredentials";
}

/** Whether the component has created the association, with one of its roles. */
export function isOfComponent(
    { roleArn, ownerArn }: Pick<AssociationSeen, "roleArn" | "ownerArn">,
    { approvedRoleArns }: Pick<HandOverRecord, "approvedRoleArns">,
): boolean {
    return ownerArn === undefined && approvedRoleArns.includes(roleArn);
}

/**
 * Gives the component's association its role again, if it has another role of the component: a rollout of this role was taken back. Undefined if it has
 * the role, or one that the component never gave it.
 */
export function associateAgainStep(
    subject: Subject,
    record: Pick<HandOverRecord, "approvedRoleArns">,
    { account: { associations } }: World,
): Step | undefined {
    if (subject.delivery !== "podIdentity" || associations?.is !== "seen") {
        return undefined;
    }
    const [own, ...others] = associations.associations;
    const isTakenBack =
        own !== undefined &&
        others.length === 0 &&
        own.roleArn !== subject.roleArn &&
        faultOf(own) === undefined &&
        isOfComponent(own, record);
    return isTakenBack
        ? {
              do: "changeAssociation",
              clusterName: associations.clusterName,
              associationId: own.id,
              roleArn: subject.roleArn,
              why: `giving the Pod Identity association the role ${subject.roleArn} again`,
          }
        : undefined;
}

/**
 * The obstacles between the pods and the component's role, with the delivery `podIdentity`:
 *   - the service account has no association, or more than one,
 *   - the association has another role, a target role, a session policy, or an owner, or its sessions have no tags,
 *   - the association is younger than the margin: a pod that starts now may be missed, or get nothing.
 *
 * Undefined if there is nothing, or if this look has not read the associations.
 */
export function ownAssociationStep(subject: Subject, world: World): Step | undefined {
    const refusal = ownAssociationRefusal(subject, world);
    if (refusal !== undefined) {
        return { do: "refuse", refusal };
    }
    const [association] = seenAssociations(world) ?? [];
    const until = association === undefined ? 0 : association.modifiedAt + ASSOCIATION_MARGIN_MILLISECONDS;
    return until > world.at
        ? {
              do: "wait",
              until,
              why: `waiting until the Pod Identity association is ${String(ASSOCIATION_MARGIN_MILLISECONDS / 1000)} s old: EKS does not report when it is ready`,
          }
        : undefined;
}

/** Why the association does not give the pods the component's role. Undefined if it does. */
export function ownAssociationRefusal(subject: Subject, world: World): Refusal | undefined {
    const { associations } = world.account;
    switch (associations?.is) {
        case undefined:
            return undefined;
        case "unnamed":
            return refusals.clusterNameUnknown(associations.why, subject);
        case "unread":
            return associations.call.cause === "denied"
                ? refusals.otherDeliveryDenied([associations.call], subject)
                : refusals.otherDeliveryUnsupported([associations.call], subject);
        case "seen":
            return differing(subject, associations.associations, world);
    }
}

function differing(
    subject: Subject,
    [association, ...others]: readonly AssociationSeen[],
    { cluster }: World,
): Refusal | undefined {
    if (association === undefined) {
        return refusals.associationMissing(subject, cluster.pods.filter(hasContainerCredentials));
    }
    const what = [
        ...(association.roleArn === subject.roleArn ? [] : [`the role ${association.roleArn}`]),
        ...[faultOf(association) ?? []].flat(),
        ...others.map(({ id }) => `a second one (${id})`),
    ];
    return what.length === 0
        ? undefined
        : refusals.associationDiffers(
              subject,
              what.join(", "),
              remainsInUpdate(association),
              association.roleArn === subject.roleArn && association.ownerArn === undefined,
          );
}

/** Undefined if they were not read. */
export function seenAssociations({ account: { associations } }: Pick<World, "account">) {
    return associations?.is === "seen" ? associations.associations : undefined;
}
