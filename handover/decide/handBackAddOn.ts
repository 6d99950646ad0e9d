import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { isBusy } from "../model/addOn";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import { webhookAnnotations } from "../model/webhookAnnotations";
import type { World } from "../model/world";
import {
    APPLIED_AFTER_MILLISECONDS,
    busyStep,
    deliverySecondsOf,
    ownStep,
    since,
    unseenStep,
    updateStep,
    waitFor,
} from "./addOnSteps";
import { isAppliedByAddOn, isOfAddOn } from "./delivery";
import { type HandBackTarget, retiredRoles } from "./handBackTarget";
import { insufficientNodeRoles } from "./insufficientNodeRoles";

/**
 * The add-on's part of the hand-back, after the node roles hold their policies and before a pod moves:
 *   a. it gives up the role of the component, which the component owns meanwhile,
 *   b. if it had another role before, and that one is restored, it gets it again under the component's annotation, so that the pods return to a
 *      role that EKS gives them, too. An annotation of before that EKS has removed with the component's is written again.
 *
 * Where node roles do not hold the policies, as on a cluster that eksctl had given a role, the add-on changes from one role to the other at once.
 *
 * Undefined when nothing is left to do. With `external`, the add-on is its owner's.
 */
export function handBackAddOnStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { subject, record, formerAnnotations } = target;
    const { cluster, account, at } = world;
    if (!toldTheAddOn(record) || subject.delivery === "external") {
        return undefined;
    }
    const { addOn } = account;
    const { [ROLE_ARN_ANNOTATION]: former } = formerAnnotations;
    const { [ROLE_ARN_ANNOTATION]: annotated } = cluster.serviceAccount?.annotations ?? {};
    const isLost = former !== undefined && annotated === undefined && record.addOnDelivered === true;
    if (addOn?.is === "missing") {
        return isLost ? restoringStep(target) : undefined;
    }
    if (addOn?.is !== "there") {
        return unseenStep(subject, addOn);
    }
    const adding = { ...target, deliverySeconds: deliverySecondsOf(target) };
    if (isBusy(addOn)) {
        // An update of a run that was killed may give it the role that is about to be deleted.
        return busyStep(adding, addOn, at, since(memory));
    }
    const restored = former !== undefined && former === record.addOnRoleArn ? former : undefined;
    const { roleArn: carried } = addOn;
    const isOurs = carried !== undefined && carried !== restored && record.approvedRoleArns.includes(carried);
    const insufficient = insufficientNodeRoles(record, world, memory);
    if (isOurs && restored === undefined && insufficient.length > 0) {
        // EKS may restart a pod before the annotation is there again.
        return { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions(insufficient, subject) };
    }
    if (isOurs && insufficient.length === 0) {
        return (
            ownStep(adding, world, webhookAnnotations(world)) ?? updateStep(adding, addOn, undefined, { at, memory })
        );
    }
    const isOthers = carried !== undefined && carried !== restored && !isOurs;
    if (isOthers || (restored === undefined && !isLost)) {
        return undefined;
    }
    if (isLost || annotated !== restored) {
        return restoringStep(target);
    }
    if (carried === restored) {
        return restoredStep(world, memory);
    }
    return ownStep(adding, world, formerAnnotations) ?? updateStep(adding, addOn, restored, { at, memory });
}

function restoringStep({ formerAnnotations }: HandBackTarget): Step {
    const why = "restoring the annotation from before the hand-over";
    return { do: "annotate", annotations: formerAnnotations, force: true, why };
}

/** Whether the add-on may carry a role of the component, or has a former role that it is to get again. */
function toldTheAddOn({ addOnDelivered, addOnRoleArn }: HandOverRecord): boolean {
    return addOnDelivered === true || addOnRoleArn !== undefined;
}

/** Whether the add-on has ever carried a role of the component: fields of it may still keep that role on the service account. */
export function hadAddOn({ addOnDelivered, addOnRoleArn }: HandOverRecord): boolean {
    return addOnDelivered !== undefined || addOnRoleArn !== undefined;
}

/** The component's release would remove an annotation that EKS does not own yet. The annotation that it leaves has an owner in any case. */
function restoredStep({ cluster, at }: World, { addOnUpdate }: Memory): Step | undefined {
    return addOnUpdate !== undefined && !isAppliedByAddOn(cluster) && at - addOnUpdate.at < APPLIED_AFTER_MILLISECONDS
        ? waitFor("the add-on has its former role: waiting until EKS owns the annotation")
        : undefined;
}

/**
 * Removes a role of the component that only EKS's fields keep alive: EKS wrote it by an update, or the add-on was deleted with `preserve`. Undefined
 * if another writer owns the annotation, or if the add-on still carries that role.
 */
export function leftByAddOnStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { cluster, account, at } = world;
    const { addOn } = account;
    const annotated = cluster.serviceAccount?.annotations[ROLE_ARN_ANNOTATION] ?? "";
    const isLeft = addOn?.is === "missing" || (addOn?.is === "there" && addOn.roleArn !== annotated);
    if (!isLeft || !isOfAddOn(cluster) || !retiredRoles(target).includes(annotated)) {
        return undefined;
    }
    // EKS may be removing it.
    if (addOn.is === "there" && isBusy(addOn)) {
        return busyStep({ ...target, deliverySeconds: deliverySecondsOf(target) }, addOn, at, since(memory));
    }
    return target.formerAnnotations[ROLE_ARN_ANNOTATION] !== undefined
        ? restoringStep(target)
        : { do: "removeRole", why: "the add-on no longer has the role: removing the annotation that it has left" };
}
