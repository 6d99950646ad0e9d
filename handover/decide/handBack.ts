import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { roleOfAddOn } from "../model/addOn";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { World } from "../model/world";
import { deliverySecondsOf, releaseLeftStep, since, unseenStep } from "./addOnSteps";
import { handBackAddOnStep, leftByAddOnStep } from "./handBackAddOn";
import { hasContainerCredentials } from "./association";
import { releaseFormerAccountStep } from "./formerAccounts";
import {
    deleteAssociationStep,
    foreignAssociationStep,
    forgetAssociationStep,
    leaveAssociationStep,
} from "./handBackAssociation";
import { attachAgain, giveBackStep, nodeRolesStep } from "./handBackNodeRoles";
import { podsStep } from "./handBackPods";
import { carries, type HandBackTarget, isOwnedByComponent, retiredRoles } from "./handBackTarget";
import { withoutTerminated } from "./leaving";
import { isTurnedOff, nextTurningOffStep } from "./turnedOff";

export type { HandBackTarget } from "./handBackTarget";
export { nextReturnStep } from "./returnToRole";

/**
 * The hand-back. Each step is taken only if it is still needed:
 *   a. the recorded policies are attached again to the node roles that exist, and IAM gets time to enforce them; so are those that
 *      another cluster's run has detached from a shared node role, if pods return to it,
 *   b. the role of every node has the CNI's permissions, else nothing moves,
 *   c. the injection guard is removed, which would refuse pods that use the node role,
 *   d. the managed add-on gives up the role, or gets its former one again, and the annotation is removed, or its former value restored; another
 *      writer that still delivers the role is waited for,
 *      With an association of the component, the pod template excludes its containers from the webhook instead,
 *   e. one pod of each node role restarts, side by side, and is seen to work, then the rest restart in waves,
 *      The association is then deleted, the pod template is as before again, and the pods restart once more,
 *   f. no pod carries a role that was ever approved, of any DaemonSet and of any former service account. Only then may the role be
 *      deleted.
 *
 * With an association that has a role of another party, nothing moves.
 *
 * If another component has handed these pods over, and nothing is left of this one, nothing is attached (decide/anotherComponent.ts).
 *
 * Nodes that join meanwhile get pods without the role, so nothing waits for them. Nothing restarts on a node whose instance is being terminated.
 *
 * If the role trusts the issuers of other clusters, their pods cannot be seen, so the hand-back refuses.
 */
export function nextHandBackStep(target: HandBackTarget, look: World, memory: Memory): Step {
    const world = withoutTerminated(look);
    const { cluster } = world;
    if (cluster.uid !== target.record.clusterUid) {
        return { do: "refuse", refusal: refusals.clusterChanged(target.record.clusterUid, cluster.uid) };
    }
    if (isTurnedOff(target.subject, cluster, target.turningOff)) {
        return (
            giveBackStep(target, world, memory) ??
            refuseTurningOffStep(target, world) ??
            keptByAssociationStep(target, world) ??
            nextTurningOffStep(target.record, cluster, target.subject)
        );
    }
    return (
        foreignAssociationStep(target, world) ??
        attachAgain(target, world, memory) ??
        additionalIssuersStep(target) ??
        nodeRolesStep(target, world, memory) ??
        clusterStep(target, world, memory) ??
        leaveAssociationStep(target, world) ??
        podsOrAssociationStep(target, world, memory)
    );
}

/**
 * Only the part in which the pods leave an association over the pod template, for a rollout that failed: the node roles hold their policies, and no
 * guard refuses pods. No other field of the template changes.
 */
export function nextLeavingStep(target: HandBackTarget, world: World, memory: Memory): Step {
    const { daemonSet } = world.cluster;
    const template = daemonSet && { ...daemonSet, patchFieldManager: undefined, templateAnnotations: {} };
    const seen = { ...world, cluster: { ...world.cluster, daemonSet: template } };
    return leaveAssociationStep(target, seen) ?? podsOrAssociationStep(target, seen, memory);
}

/** The association goes when no pod needs it. The pods then restart once more, since the pod template changes back. */
function podsOrAssociationStep(target: HandBackTarget, world: World, memory: Memory): Step {
    const step = podsStep(target, world, memory);
    return step.do === "done" ? (forgetAssociationStep(target, world, memory) ?? step) : step;
}

/** Without live checks, no later run would take the role from the add-on, and `destroy` would delete it. */
function refuseTurningOffStep({ record, subject }: HandBackTarget, { account }: World): Step | undefined {
    const { addOn } = account;
    if (record.addOnDelivered !== true || addOn?.is === "missing") {
        return undefined;
    }
    const carried = roleOfAddOn(addOn);
    return carried !== undefined && record.approvedRoleArns.includes(carried)
        ? { do: "refuse", refusal: refusals.addOnKeepsRole(carried) }
        : unseenStep(subject, addOn);
}

/** Without live checks, the pods would keep the credentials of a role that is about to be deleted. */
function keptByAssociationStep(target: HandBackTarget, world: World): Step | undefined {
    const pods = world.cluster.pods.filter(hasContainerCredentials);
    const isLeft = pods.length > 0 || deleteAssociationStep(target, world) !== undefined;
    return target.record.podIdentityDelivered === true && isLeft
        ? { do: "refuse", refusal: refusals.associationNotLeft(target.subject, pods) }
        : undefined;
}

function additionalIssuersStep({ subject }: HandBackTarget): Step | undefined {
    const others = subject.issuers.slice(1);
    return others.length === 0 ? undefined : { do: "refuse", refusal: refusals.additionalIssuers(others) };
}

function clusterStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { cluster } = world;
    if (cluster.injectionGuard.present) {
        return { do: "removeInjectionGuard", why: "removing the injection guard: pods may use the node role again" };
    }
    const { serviceAccount } = cluster;
    const former = releaseFormerAccountStep(cluster);
    if (former !== undefined) {
        return former;
    }
    // Also without a service account: EKS creates it again, with the role that the add-on has then.
    const ofAddOn = handBackAddOnStep(target, world, memory);
    if (ofAddOn !== undefined) {
        return ofAddOn;
    }
    if (serviceAccount === undefined) {
        return stillInAddOnStep(target, world, memory);
    }
    // With the managed add-on, the role may be the add-on's alone, and the other annotations the component's.
    if (isOwnedByComponent(target.subject, serviceAccount) || serviceAccount.ownSettings !== undefined) {
        return {
            do: "releaseServiceAccount",
            leaving: target.formerAnnotations,
            why: "removing the annotation from the service account",
        };
    }
    return (
        leftByAddOnStep(target, world, memory) ??
        releaseLeftStep(cluster) ??
        stillDeliveredStep(target, world, memory) ??
        stillInAddOnStep(target, world, memory)
    );
}

/** Another field manager has written the role's ARN: each new pod would get a role that is about to be deleted. */
function stillDeliveredStep(target: HandBackTarget, { cluster, at }: World, memory: Memory): Step | undefined {
    const { serviceAccount } = cluster;
    const { subject } = target;
    const annotated = serviceAccount?.annotations[ROLE_ARN_ANNOTATION] ?? "";
    if (serviceAccount === undefined || !retiredRoles(target).includes(annotated)) {
        return undefined;
    }
    if (subject.delivery !== "external") {
        return { do: "refuse", refusal: refusals.annotationOutlivesRole(subject, serviceAccount.roleArnOwners) };
    }
    const seconds = deliverySecondsOf(target);
    return at - since(memory) < seconds * 1000
        ? {
              do: "wait",
              why: `waiting until ${serviceAccount.roleArnOwners.join(", ")} no longer gives ${annotated} to the service account`,
          }
        : { do: "refuse", refusal: refusals.roleStillDelivered(subject, serviceAccount, seconds) };
}

/**
 * Another party has given the add-on the role, and the annotation is gone all the same: EKS owned nothing of it, or another party has removed it. EKS writes
 * it again with its next update.
 */
function stillInAddOnStep(target: HandBackTarget, { account, at }: World, memory: Memory): Step | undefined {
    const { addOn } = account;
    const carried = roleOfAddOn(addOn);
    if (carried === undefined || !retiredRoles(target).includes(carried)) {
        return undefined;
    }
    return target.subject.delivery === "external" && at - since(memory) < deliverySecondsOf(target) * 1000
        ? { do: "wait", why: `waiting until the managed add-on no longer has ${carried}` }
        : { do: "refuse", refusal: refusals.addOnStillHasRole(target.subject, carried) };
}

/** How many pods carry a role that is about to be deleted. */
export function carriersLeft(target: HandBackTarget, look: World): number {
    const { cluster } = withoutTerminated(look);
    return cluster.pods.filter(carries(target)).length;
}
