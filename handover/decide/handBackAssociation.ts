import { ASSOCIATION_MARGIN_MILLISECONDS, type AssociationSeen, type AssociationsSeen } from "../model/association";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { PodSeen, World } from "../model/world";
import { isOfComponent } from "./association";
import { carries, type HandBackTarget } from "./handBackTarget";

/**
 * Another party has given the association a role that the component never gave it. The record does not name the association, so it may be that party's
 * own. Each pod that restarts would get that role without a proof. If no pod may have a role of the component, none restarts, as long as the template
 * stays: that party's association is left to it.
 *
 * Only with the delivery `podIdentity`: a role of web identity does not trust the service of the association, so it could not get that one.
 */
export function foreignAssociationStep(target: HandBackTarget, { cluster, account }: World): Step | undefined {
    const { record, leaving: subject = target.subject } = target;
    const { associations } = account;
    if (
        record.podIdentityDelivered !== true ||
        subject.delivery !== "podIdentity" ||
        associations?.is !== "seen" ||
        (cluster.daemonSet?.skipsContainers !== true && cluster.pods.every(staysWithAnother(target)))
    ) {
        return undefined;
    }
    const foreign = associations.associations.find((one) => one.ownerArn === undefined && !isOfComponent(one, record));
    return (
        foreign && {
            do: "refuse",
            refusal: refusals.associationOfAnother(subject, foreign, associations.clusterName),
        }
    );
}

/** On a move, the pods need another identity, which the webhook gives to none of them while there is an association. */
function staysWithAnother(target: HandBackTarget): (pod: PodSeen) => boolean {
    const mayCarry = carries(target);
    return target.leaving === undefined
        ? (pod) => !mayCarry(pod)
        : ({ credentials }) => credentials.kind === "nodeRole";
}

/**
 * The part of the hand-back before the pods move away from an association, once the node roles hold their policies and the injection guard is gone:
 * the containers of the pod template are excluded from the webhook. As long as the association exists, a pod that restarts would get its
 * credentials again. If it is gone already, the webhook gives them to no pod, and the template stays.
 *
 * Undefined if the component has no association.
 */
export function leaveAssociationStep({ subject, record }: HandBackTarget, world: World): Step | undefined {
    const { daemonSet } = world.cluster;
    const { associations } = world.account;
    if (record.podIdentityDelivered !== true) {
        return undefined;
    }
    if (associations?.is === "unnamed") {
        return { do: "refuse", refusal: refusals.clusterNameUnknown(associations.why, subject) };
    }
    if (associations?.is === "unread") {
        const refusal =
            associations.call.cause === "denied"
                ? refusals.otherDeliveryDenied([associations.call], subject)
                : refusals.otherDeliveryUnsupported([associations.call], subject);
        return { do: "refuse", refusal };
    }
    return daemonSet === undefined || daemonSet.skipsContainers || ownAssociation(record, associations) === undefined
        ? undefined
        : {
              do: "skipContainers",
              containers: Object.keys(daemonSet.images).sort(),
              why: "excluding the containers of the pod template from the webhook: the pods restart with the roles of their nodes",
          };
}

/**
 * The part after no pod has container credentials any more:
 *   a. the association is deleted,
 *   b. once the webhook has had the time to forget it, the template no longer excludes its containers. The pods restart once more, and get nothing
 *      else than before.
 *
 * Undefined when nothing is left to do.
 */
export function forgetAssociationStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    if (target.record.podIdentityDelivered !== true) {
        return undefined;
    }
    const own = deleteAssociationStep(target, world);
    if (own !== undefined) {
        return own;
    }
    if (!world.cluster.daemonSet?.skipsContainers) {
        return undefined;
    }
    // How long ago an earlier run has deleted it is not known.
    const until = (memory.associationChangedAt ?? memory.startedAt) + ASSOCIATION_MARGIN_MILLISECONDS;
    return world.at < until
        ? { do: "wait", until, why: "waiting until the webhook forgets the Pod Identity association" }
        : {
              do: "unskipContainers",
              why: "the pod template no longer excludes its containers from the webhook: the pods restart once more",
          };
}

/** Undefined if it is gone, or if the component never had one. */
export function deleteAssociationStep({ record }: HandBackTarget, world: World): Step | undefined {
    if (record.podIdentityDelivered !== true) {
        return undefined;
    }
    const own = ownAssociation(record, world.account.associations);
    return own === undefined
        ? undefined
        : {
              do: "deleteAssociation",
              clusterName: own.clusterName,
              associationId: own.id,
              why: "no pod has credentials of the Pod Identity association: deleting it",
          };
}

/** The association that has a role of the component, and that no add-on owns. */
export function ownAssociation(
    record: Pick<HandOverRecord, "approvedRoleArns">,
    associations: AssociationsSeen | undefined,
): (AssociationSeen & { readonly clusterName: string }) | undefined {
    if (associations?.is !== "seen") {
        return undefined;
    }
    const own = associations.associations.find((one) => isOfComponent(one, record));
    return own && { ...own, clusterName: associations.clusterName };
}
