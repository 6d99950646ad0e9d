import { createHash } from "node:crypto";
import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { type AddOnSeen, isBusy, type ManagedAddOn } from "../model/addOn";
import { ADD_ON_MANAGER, LEAVING_MANAGER } from "../model/fieldManagers";
import { isAnnotated } from "../model/isAnnotated";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import { webhookAnnotations } from "../model/webhookAnnotations";
import type { ClusterSeen, NodeRoleSeen, World } from "../model/world";
import { deliverAgainStep, isAppliedByAddOn, isKnownOf, isOfAddOn, isOfEks, isOwner } from "./delivery";
import { hasPropagated, propagationStep, SHOWN_AFTER_MILLISECONDS } from "./giveBack";
import { type HandBackTarget, retiredRoles } from "./handBackTarget";
import { holdsPermissions, rolesOf } from "./nodeRolePolicies";

/** A goal of which the managed add-on is a part. */
export interface AddOnTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** How long an update of the add-on, or of another run, may take. */
    readonly deliverySeconds: number;
}

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
    const carried = addOn.is === "there" ? addOn.roleArn : undefined;
    const live = world.cluster.serviceAccount?.annotations[ROLE_ARN_ANNOTATION];
    if (addOn.is === "there" && carried !== undefined && target.givesUp(carried) && mayLoseTheRole(target, world)) {
        return (
            (hasPropagated(memory) ? undefined : propagationStep(target.iamPropagationSeconds)) ??
            ownStep(target, world, live === undefined ? (keeping ?? {}) : webhookAnnotations(world)) ??
            updateStep(target, addOn, undefined, { at: world.at, memory })
        );
    }
    if (carried !== undefined && target.frees === true && target.givesUp(carried)) {
        return { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions(withoutPolicies(record, world), subject) };
    }
    if (carried !== undefined || keeping === undefined || record.addOnDelivered !== true) {
        return undefined;
    }
    if (live === undefined) {
        return annotate(keeping, "the annotation is gone with the add-on's role: writing it again");
    }
    const isHeld = world.cluster.serviceAccount?.roleArnOwners.some(isOfEks) ?? false;
    return target.frees === true && isHeld && live === keeping[ROLE_ARN_ANNOTATION] && mayLoseTheRole(target, world)
        ? {
              do: "removeRole",
              why: "the add-on has left its part of the annotation: writing the annotation again without it",
          }
        : undefined;
}

function mayLoseTheRole({ record }: GivingUpTarget, world: World): boolean {
    return world.cluster.injectionGuard.inForce || withoutPolicies(record, world).length === 0;
}

/** The node roles with which a pod that starts without a role of its own has no permissions. */
function withoutPolicies({ nodeRolePolicies }: HandOverRecord, { cluster, account }: World): NodeRoleSeen[] {
    return rolesOf(cluster.nodes, account)
        .filter(({ exists }) => exists)
        .filter((role) => !holdsPermissions(role, nodeRolePolicies[role.name] ?? []));
}

/**
 * The add-on gets the role that every pod carries by now, and then the annotation is left to it:
 *   a. the component owns the annotation while EKS changes the add-on,
 *   b. the add-on is updated with the same role,
 *   c. once EKS owns the annotation by server-side apply, the component releases its own part, and looks at the value again.
 *
 * If EKS writes by another kind of request, the release would remove the annotation. The component then keeps its part.
 */
export function nextAddOnRoleStep(target: AddOnTarget, world: World, memory: Memory): Step {
    const { subject, record } = target;
    const { cluster, account, at } = world;
    if (cluster.uid !== record.clusterUid) {
        return { do: "refuse", refusal: refusals.clusterChanged(record.clusterUid, cluster.uid) };
    }
    // An add-on that was deleted without `preserve` has taken the service account along: it comes back with the add-on.
    const { addOn } = account;
    if (addOn?.is !== "there") {
        return unseenStep(subject, addOn) ?? waitFor("EKS was not asked for the add-on yet");
    }
    if (cluster.serviceAccount === undefined) {
        return { do: "refuse", refusal: refusals.serviceAccountMissing(subject) };
    }
    if (addOn.roleArn !== undefined && addOn.roleArn !== subject.roleArn && !isKnownOf(record, addOn.roleArn)) {
        return { do: "refuse", refusal: refusals.addOnHasAnotherRole(subject, addOn.roleArn) };
    }
    if (!isAnnotated(subject, cluster)) {
        return deliverAgainStep(target, world, "the service account has lost its annotation: annotating it again");
    }
    if (addOn.roleArn !== subject.roleArn) {
        return (
            ownStep(target, world, subject.annotations) ?? updateStep(target, addOn, subject.roleArn, { at, memory })
        );
    }
    return (
        (isBusy(addOn) ? busyStep(target, addOn, at, memory.startedAt) : undefined) ??
        leaveToAddOnStep(target, world, memory)
    );
}

/** How long EKS may take to apply what a finished update says. */
const APPLIED_AFTER_MILLISECONDS = 30_000;
/** Each release removes the annotation if EKS does not own it, and the next look writes it again. */
const RELEASE_LIMIT = 2;

function leaveToAddOnStep(target: AddOnTarget, { cluster, at }: World, memory: Memory): Step {
    const { subject } = target;
    const isOwn = isOwner(subject, cluster);
    if (!isAppliedByAddOn(cluster)) {
        const since = Math.max(memory.addOnUpdate?.at ?? 0, memory.startedAt);
        if (!isOwn) {
            return annotate(
                subject.annotations,
                "EKS does not own the annotation by server-side apply: owning it, too",
            );
        }
        return at - since < APPLIED_AFTER_MILLISECONDS
            ? waitFor("the add-on has the role: waiting until EKS owns the annotation")
            : done(
                  "the add-on has the role; EKS does not own the annotation by server-side apply, so the component keeps its own",
              );
    }
    if (isOwn) {
        return (memory.releases ?? 0) < RELEASE_LIMIT
            ? releaseRoleStep(subject)
            : done(
                  "the add-on has the role; the annotation was lost with the component's release, so the component keeps its own",
              );
    }
    return releaseLeftStep(cluster) ?? done("the add-on has the role, and owns the annotation");
}

/** The add-on writes the role alone. Other annotations of the program stay the component's. */
function releaseRoleStep({ annotations }: Subject): Step {
    const others = Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== ROLE_ARN_ANNOTATION));
    const why = "the add-on owns the annotation: the component releases its own part";
    return Object.keys(others).length === 0 ? { do: "releaseServiceAccount", leaving: {}, why } : annotate(others, why);
}

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
    const insufficient = withoutPolicies(record, world);
    if (isOurs && restored === undefined && insufficient.length > 0) {
        // EKS may restart a pod before the annotation is there again.
        return { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions(insufficient, subject) };
    }
    if (isOurs && insufficient.length === 0) {
        return (
            (annotated === undefined ? undefined : ownStep(adding, world, webhookAnnotations(world))) ??
            updateStep(adding, addOn, undefined, { at, memory })
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

/** An annotation that a hand-back has left for EKS must not keep its value alive once EKS owns it again. Undefined if none was left, or EKS does not own it. */
export function releaseLeftStep(cluster: ClusterSeen): Step | undefined {
    const { roleArnOwners = [] } = cluster.serviceAccount ?? {};
    return roleArnOwners.includes(LEAVING_MANAGER) && isAppliedByAddOn(cluster)
        ? {
              do: "releaseLeft",
              why: `${ADD_ON_MANAGER} owns the annotation again: releasing what an earlier hand-back has left`,
          }
        : undefined;
}

export function deliverySecondsOf({
    deliverySeconds = DEFAULT_DELIVERY_SECONDS,
}: {
    readonly deliverySeconds?: number | undefined;
}): number {
    return deliverySeconds;
}

/** For the states of early versions, and of stacks without another delivery. */
const DEFAULT_DELIVERY_SECONDS = 1200;

/** The wait for IAM does not count. */
export function since({ startedAt, propagatedAt = 0 }: Memory): number {
    return Math.max(startedAt, propagatedAt);
}

/** Why the add-on cannot be changed. Undefined if it is there. */
export function unseenStep(
    subject: Subject,
    addOn: AddOnSeen | undefined,
): Extract<Step, { do: "refuse" }> | undefined {
    switch (addOn?.is) {
        case "missing":
            return { do: "refuse", refusal: refusals.addOnMissing(addOn.clusterName) };
        case "unnamed":
            return { do: "refuse", refusal: refusals.clusterNameUnknown(addOn.why, subject) };
        case "unread":
            return {
                do: "refuse",
                refusal:
                    addOn.call.cause === "denied"
                        ? refusals.otherDeliveryDenied([addOn.call], subject)
                        : refusals.otherDeliveryUnsupported([addOn.call], subject),
            };
        default:
            return undefined;
    }
}

/** A second owner of the same value, so that neither one's release removes it. Undefined if the component owns it. */
function ownStep(
    { subject }: Pick<AddOnTarget, "subject">,
    { cluster }: World,
    annotations: Readonly<Record<string, string>>,
): Step | undefined {
    return isOwner(subject, cluster) || annotations[ROLE_ARN_ANNOTATION] === undefined
        ? undefined
        : annotate(annotations, "owning the annotation together with the add-on");
}

function updateStep(
    target: AddOnTarget,
    addOn: ManagedAddOn,
    roleArn: string | undefined,
    { at, memory }: { readonly at: number; readonly memory: Memory },
): Step {
    const { addOnUpdate } = memory;
    if (addOnUpdate !== undefined && addOnUpdate.roleArn === roleArn) {
        if (!addOnUpdate.isSuccessful) {
            return { do: "refuse", refusal: refusals.addOnUpdateFailed(addOn, addOnUpdate.why) };
        }
        if (at - addOnUpdate.at < SHOWN_AFTER_MILLISECONDS) {
            return waitFor("EKS does not show the update of the add-on yet");
        }
    }
    if (isBusy(addOn)) {
        return busyStep(target, addOn, at, since(memory));
    }
    const { clusterName, configurationValues } = addOn;
    const clientRequestToken = requestToken(target, addOn, roleArn);
    return {
        do: "updateAddOn",
        update: { clusterName, roleArn, configurationValues, clientRequestToken },
        limitSeconds: target.deliverySeconds,
        why:
            roleArn === undefined
                ? `the managed add-on gives up ${addOn.roleArn ?? "its role"}`
                : `the managed add-on gets ${roleArn}`,
    };
}

/** EKS carries out an update of before, or has not finished the add-on. Some never leave this state. */
function busyStep({ deliverySeconds }: AddOnTarget, addOn: ManagedAddOn, at: number, began: number): Step {
    return at - began < deliverySeconds * 1000
        ? waitFor(`the managed add-on is ${addOn.status}`)
        : { do: "refuse", refusal: refusals.addOnBusy(addOn, deliverySeconds) };
}

/** The same request has the same token, also in the run after one that was killed. Each change of the add-on makes it another request. */
function requestToken(
    { subject, record }: AddOnTarget,
    { modifiedAt = 0 }: ManagedAddOn,
    roleArn: string | undefined,
): string {
    const { clusterUid, approvals = 0 } = record;
    const request = [subject.fieldManager, clusterUid, approvals, roleArn ?? "", modifiedAt];
    return createHash("sha256").update(JSON.stringify(request)).digest("hex").slice(0, 32);
}

function annotate(annotations: Readonly<Record<string, string>>, why: string): Step {
    return { do: "annotate", annotations, why };
}

const waitFor = (why: string): Step => ({ do: "wait", why });
const done = (why: string): Step => ({ do: "done", why });
