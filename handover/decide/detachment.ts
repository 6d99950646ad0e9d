import { type AddOnSeen, isBusy, roleOfAddOn } from "../model/addOn";
import { othersThatCarry } from "../model/carriedRole";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { freshMemory, Memory, Step } from "../model/steps";
import type { ClusterSeen, PodSeen, World } from "../model/world";
import { admitRoleStep, createGuardStep, narrowStep } from "./admittedRoles";
import { lateAgentStep } from "./agents";
import { complains, complaintStep, withoutLoneComplaints } from "./complaints";
import { hasDelivery } from "./delivered";
import { detachStep } from "./detachPolicies";
import type { DetachmentTarget } from "./detachmentTarget";
import { howManyCarry, wakeMarkStep } from "./fleet";
import { releaseFormerAccountStep } from "./formerAccounts";
import { nextGiveBackStep, SHOWN_AFTER_MILLISECONDS, toAttach } from "./giveBack";
import { HeldUp, heldUp, untilEachWorked } from "./heldUp";
import { withoutTerminated } from "./leaving";
import { policiesLost } from "./nodeRolePolicies";
import { associationStep } from "./otherDelivery";
import { releaseAnnotationStep } from "./releaseAnnotation";
import { restorePoliciesStep } from "./restorePolicies";
import { Watched } from "./seen";
import { ignoredNodesStep, verificationStep } from "./verification";

export type { DetachmentTarget } from "./detachmentTarget";

/**
 * Verification, then detachment.
 *
 * A CNI policy is detached from a node role only when
 *   a. every aws-node pod carries the CNI role and, except under OnDelete, has the current template, and on each node that this run has seen from its beginning a pod has
 *      worked with the role for a while (decide/heldUp.ts),
 *   b. detachFromNodeRoles lists the roles of all those nodes,
 *   c. the instances outside this cluster that run with it are those of clusters that are named as handed over; else the role keeps its
 *      policies, and the rest goes on. Every region in which one could run was read, or counts as empty. No pod of the plugin uses it on
 *      nodes that the DaemonSet does not select, and the role of a new one of these nodes is known,
 *   d. neither the managed add-on nor a Pod Identity association gives aws-node another role. With the delivery `podIdentity`, the association is
 *      the component's, the agent is Ready on each of those nodes, the managed add-on has given up the role of before, and its annotation is gone,
 *   e. the injection guard exists, refuses a pod without the role in dry runs, and admits pods with this role alone, if it is requested,
 *   f. the policy is recorded, so that it can be attached again.
 *
 * An instance of this cluster that is no node need not join: the guard holds for its pod when it does. Without a guard, those that are about
 * to join are waited for.
 *
 * Afterwards the pods are watched for the same time. If a pod without the role appears, the policies are attached again at once.
 */
export function nextDetachmentStep(target: DetachmentTarget, look: World, memory: Memory): Step {
    const world = judgedWorld(target, look, memory);
    const { cluster, account, at } = world;
    const failed = failedPrecondition(target, cluster);
    if (failed !== undefined) {
        return failed;
    }
    const lost = toAttach(policiesLost(target, account.nodeRoles), memory);
    const isRight = (pod: PodSeen) => hasDelivery(pod, target);
    const held = heldUp(target, world, memory, isRight);
    // Each pod has the role before the guard refuses one: a move that left Pod Identity, and then was given up, has left pods without it.
    const allRight = cluster.pods.every((pod) => pod.terminating || isRight(pod));
    return (
        restorePoliciesStep(target, held.fleet, lost, memory, at) ??
        associationStep(target.subject, world) ??
        lateAgentStep(target, world, memory) ??
        (allRight ? createGuardStep(target, cluster) : undefined) ??
        admitRoleStep(target, cluster) ??
        verificationStep(target, held, world, memory) ??
        ignoredNodesStep(target, held.ignored, cluster, memory, at) ??
        wakeMarkStep(cluster) ??
        createGuardStep(target, cluster) ??
        narrowStep(target, cluster) ??
        unwantedGuardStep(target, world, memory) ??
        releaseAnnotationStep(target, world, memory) ??
        retiredRolesStep(target, world, memory) ??
        unstableStep(target, held, memory, world) ??
        (target.detachFromNodeRoles === undefined
            ? { do: "done", why: howManyCarry(held.fleet) }
            : detachStep(target, target.detachFromNodeRoles, world, memory, held))
    );
}

/**
 * Without the guard, pods may use the permissions of the node roles. An earlier run may have been killed right after it detached a policy, which
 * IAM still showed when this run began. So the policies are looked for once more after the wait.
 */
function unwantedGuardStep(target: DetachmentTarget, world: World, memory: Memory): Step | undefined {
    const { record, detachFromNodeRoles, iamPropagationSeconds } = target;
    if (target.injectionGuard || !world.cluster.injectionGuard.present) {
        return undefined;
    }
    const roleNames = detachFromNodeRoles === undefined ? record.namedNodeRoles : [];
    const first = nextGiveBackStep({ record, roleNames, iamPropagationSeconds }, world, memory);
    return roleNames.length > 0 && first.do !== "done"
        ? first
        : { do: "removeInjectionGuard", why: "removing the injection guard, which the program no longer asks for" };
}

function unstableStep(target: DetachmentTarget, held: HeldUp, memory: Memory, world: World): Step | undefined {
    const { stableSeconds } = target;
    const unstable = Math.max(
        untilEachWorked(held, stableSeconds, world),
        untilWebhookIsCurrent(target, memory, world.at),
    );
    return unstable > 0 ? { do: "wait", why: watching(held, stableSeconds) } : undefined;
}

/** A look as the verification judges it: without terminated instances, and without complaints that may be due to IAM's delay. */
function judgedWorld(target: DetachmentTarget, look: World, memory: Memory): World {
    return withoutLoneComplaints(withoutTerminated(look), target, memory);
}

/** The evidence that the run's memory keeps. */
export function watchedVerification(target: DetachmentTarget): Watched {
    const isRight = (pod: PodSeen) => hasDelivery(pod, target) && !complains(pod, target);
    return { isRight, stableSeconds: target.stableSeconds };
}

function watching({ fleet: { right, starting }, awaited }: HeldUp, stableSeconds: number): string {
    const isAll = starting.length === 0 && awaited.right.length === right.length;
    const isOne = right.length === 1;
    const watched = isOne ? "it" : isAll ? "them" : `${String(awaited.right.length)} of them`;
    return `${isAll && !isOne ? "all " : ""}${howManyCarry({ right })}; watching ${watched} for ${String(stableSeconds)} s`;
}

/** Why the verification refuses because pods complain. Undefined if none does, or if it refuses before it looks at the pods. */
export function refusedComplaint(target: DetachmentTarget, look: World): Refusal | undefined {
    const memory = freshMemory(look.at);
    const world = judgedWorld(target, look, memory);
    const { fleet } = heldUp(target, world, memory, (pod) => hasDelivery(pod, target));
    return failedPrecondition(target, world.cluster) === undefined
        ? complaintStep(fleet, target, world)?.refusal
        : undefined;
}

/** How many pods do not carry the role as it is delivered now. */
export function podsToRestart(target: DetachmentTarget, look: World): number {
    const { cluster } = withoutTerminated(look);
    return cluster.pods.filter((pod) => !hasDelivery(pod, target)).length;
}

/** A formerly approved role is deleted when this is done, so no other pod may carry it, no former service account deliver it, and no add-on have it. */
function retiredRolesStep(
    { record, subject }: DetachmentTarget,
    { cluster, account, at }: World,
    memory: Memory,
): Step | undefined {
    const retired = record.approvedRoleArns.filter((arn) => arn !== subject.roleArn);
    const others = othersThatCarry(cluster, retired);
    return (
        releaseFormerAccountStep(cluster) ??
        (others.length === 0 ? undefined : { do: "refuse", refusal: refusals.carriedByOthers(others) }) ??
        retiredInAddOnStep(retired, account.addOn, at - memory.startedAt)
    );
}

/**
 * With `external`, another writer may deliver the role now, while the managed add-on has the one of before: EKS would write that one again with its next
 * update. It may not show yet that it has changed the role.
 */
function retiredInAddOnStep(
    retired: readonly string[],
    addOn: AddOnSeen | undefined,
    elapsed: number,
): Step | undefined {
    const carried = roleOfAddOn(addOn);
    if (addOn?.is !== "there" || carried === undefined || !retired.includes(carried)) {
        return undefined;
    }
    return isBusy(addOn) || elapsed < SHOWN_AFTER_MILLISECONDS
        ? { do: "wait", why: `the managed add-on still has ${carried}, which is about to be deleted` }
        : { do: "refuse", refusal: refusals.addOnHasRole(carried) };
}

/** A formerly approved role is deleted when this is done, but a webhook with an outdated cache may still give it to a pod. */
function untilWebhookIsCurrent({ record, stableSeconds }: DetachmentTarget, { startedAt }: Memory, at: number): number {
    return record.approvedRoleArns.length > 1 ? startedAt + stableSeconds * 1000 - at : 0;
}

/** Problems that waiting does not solve, since another party changed the cluster. */
function failedPrecondition({ subject, record }: DetachmentTarget, cluster: ClusterSeen): Step | undefined {
    if (cluster.uid !== record.clusterUid) {
        return { do: "refuse", refusal: refusals.clusterChanged(record.clusterUid, cluster.uid) };
    }
    if (cluster.daemonSet === undefined) {
        return { do: "refuse", refusal: refusals.daemonSetMissing(subject) };
    }
    if (cluster.serviceAccount === undefined) {
        return { do: "refuse", refusal: refusals.serviceAccountMissing(subject) };
    }
    return undefined;
}
