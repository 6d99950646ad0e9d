import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { isBusy } from "../model/addOn";
import { refusals } from "../model/refusals";
import type { HandOverRecord } from "../model/record";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { World } from "../model/world";
import {
    APPLIED_AFTER_MILLISECONDS,
    busyStep,
    deliverySecondsOf,
    since,
    unseenStep,
    updateStep,
    waitFor,
} from "./addOnSteps";
import { isOfAddOn } from "./delivery";
import { isOwnedByComponent } from "./handBackTarget";

/** The goal of a move to Pod Identity, once each pod has the credentials of the association. */
export interface ReleaseTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** How long an update of the add-on may take. Missing: as long as the default says. */
    readonly deliverySeconds?: number;
}

/**
 * After a move to Pod Identity: once each pod has the credentials of the association, nothing gives the service account a role of the component any
 * more. That role may be about to be deleted, and a pod that is born without the association would get it.
 *   a. The managed add-on gives it up, if it delivered the role before. EKS may restart pods in the same update: they get the association's credentials.
 *   b. The component releases the annotation, or removes what EKS has left of it.
 *
 * Whether it is gone is judged by its value: another owner may have written the same one. Undefined if nothing is left to do.
 */
export function releaseAnnotationStep(target: ReleaseTarget, world: World, memory: Memory): Step | undefined {
    const { serviceAccount } = world.cluster;
    return target.subject.delivery !== "podIdentity" || serviceAccount === undefined
        ? undefined
        : (addOnLetsGoStep(target, world, memory) ?? annotationStep(target, world, memory));
}

function addOnLetsGoStep(target: ReleaseTarget, world: World, memory: Memory): Step | undefined {
    const { subject, record } = target;
    const { addOn } = world.account;
    if (record.addOnDelivered !== true || addOn?.is === "missing") {
        return undefined;
    }
    if (addOn?.is !== "there") {
        return unseenStep(subject, addOn);
    }
    const adding = { subject, record, deliverySeconds: deliverySecondsOf(target) };
    if (isBusy(addOn)) {
        return busyStep(adding, addOn, world.at, since(memory));
    }
    return addOn.roleArn !== undefined && record.approvedRoleArns.includes(addOn.roleArn)
        ? updateStep(adding, addOn, undefined, { at: world.at, memory })
        : undefined;
}

function annotationStep({ subject, record }: ReleaseTarget, { cluster, at }: World, memory: Memory): Step | undefined {
    const { serviceAccount } = cluster;
    if (serviceAccount === undefined) {
        return undefined;
    }
    if (isOwnedByComponent(subject, serviceAccount) || serviceAccount.ownSettings !== undefined) {
        return {
            do: "releaseServiceAccount",
            leaving: {},
            why: "each pod has the credentials of the association: removing the annotation from the service account",
        };
    }
    const { [ROLE_ARN_ANNOTATION]: annotated } = serviceAccount.annotations;
    if (annotated === undefined || !record.approvedRoleArns.includes(annotated)) {
        return undefined;
    }
    if (record.addOnDelivered !== true || !isOfAddOn(cluster)) {
        return { do: "refuse", refusal: refusals.annotationOutlivesRole(subject, serviceAccount.roleArnOwners) };
    }
    return at - (memory.addOnUpdate?.at ?? memory.startedAt) < APPLIED_AFTER_MILLISECONDS
        ? waitFor("the managed add-on has given up the role: waiting until EKS removes the annotation")
        : { do: "removeRole", why: "the add-on no longer has the role: removing the annotation that it has left" };
}
