import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { isBusy, roleOfAddOn } from "../model/addOn";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import { webhookAnnotations } from "../model/webhookAnnotations";
import type { World } from "../model/world";
import { type AddOnTarget, annotate, busyStep, ownStep, since, unseenStep, updateStep } from "./addOnSteps";
import { isOfEks } from "./delivery";
import { hasPropagated, propagationStep } from "./giveBack";
import { insufficientNodeRoles } from "./insufficientNodeRoles";

/** The goal before the pods move: the add-on no longer carries the role that they move away from. */
export interface GivingUpTarget extends AddOnTarget {
    readonly iamPropagationSeconds: number;
    /** Whether the add-on gives up this role. */
    readonly givesUp: (roleArn: string) => boolean;
    /** The annotations with which the pods were delivered. Undefined: those that the service account has. */
    readonly keeping: Readonly<Record<string, string>> | undefined;
    /** Whether the component alone is to own the annotation: what the add-on has left would conflict with a later value. Missing: it need not. */
    readonly frees?: boolean;
}

/**
 * The add-on gives up a role, and the pods keep it:
 *   a. IAM gets time to enforce the policies of the node roles, since EKS may remove the annotation, and restart the pods, in one update
 *      (https://github.com/hashicorp/terraform-provider-aws/issues/30645),
 *   b. the component owns the annotation, too, so that the add-on's release leaves it,
 *   c. the add-on is updated without the role,
 *   d. the annotation is written again if it is gone all the same, or if it must lose an owner that has gone: a forced apply of the same value
 *      takes it from none.
 *
 * If a node role does not hold the policies, and the injection guard does not refuse pods without the role, the add-on keeps the role until the pods
 * have moved: it is the only path of the pods that restart. If the add-on is to get no other role afterwards, the run refuses instead. Undefined when
 * nothing is left to do.
 */
export function addOnGivesUpStep(target: GivingUpTarget, world: World, memory: Memory): Step | undefined {
    const { subject, record, keeping } = target;
    const { addOn } = world.account;
    if (addOn === undefined || addOn.is === "unnamed" || addOn.is === "unread") {
        return unseenStep(subject, addOn);
    }
    if (addOn.is === "there" && isBusy(addOn)) {
        // An update of a run that was killed: EKS may show the role that it has yet to write, or to remove.
        return busyStep(target, addOn, world.at, since(memory));
    }
    const carried = roleOfAddOn(addOn);
    const live = world.cluster.serviceAccount?.annotations[ROLE_ARN_ANNOTATION];
    if (
        addOn.is === "there" &&
        carried !== undefined &&
        target.givesUp(carried) &&
        mayLoseTheRole(target, world, memory)
    ) {
        return (
            (hasPropagated(memory) ? undefined : propagationStep(target.iamPropagationSeconds)) ??
            ownStep(target, world, live === undefined ? (keeping ?? {}) : webhookAnnotations(world)) ??
            updateStep(target, addOn, undefined, { at: world.at, memory })
        );
    }
    if (carried !== undefined && target.frees === true && target.givesUp(carried)) {
        const insufficient = insufficientNodeRoles(record, world, memory);
        return { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions(insufficient, subject) };
    }
    if (carried !== undefined || keeping === undefined || record.addOnDelivered !== true) {
        return undefined;
    }
    if (live === undefined) {
        return annotate(keeping, "the annotation is gone with the add-on's role: writing it again");
    }
    const isHeld = world.cluster.serviceAccount?.roleArnOwners.some(isOfEks) ?? false;
    return target.frees === true &&
        isHeld &&
        live === keeping[ROLE_ARN_ANNOTATION] &&
        mayLoseTheRole(target, world, memory)
        ? {
              do: "removeRole",
              why: "the add-on has left its part of the annotation: writing the annotation again without it",
          }
        : undefined;
}

function mayLoseTheRole({ record }: GivingUpTarget, world: World, memory: Memory): boolean {
    return world.cluster.injectionGuard.inForce || insufficientNodeRoles(record, world, memory).length === 0;
}
