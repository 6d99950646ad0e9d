import { describeCredentials, othersThatCarry } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import { listNames, listTexts } from "../model/listNames";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { freshMemory, Memory, RolePolicy, Step } from "../model/steps";
import type { ClusterSeen, NodeRoleSeen, NodeSeen, PodSeen, World } from "../model/world";
import { admitRoleStep, narrowStep } from "./admittedRoles";
import { annotateAgainStep } from "./annotateAgain";
import { complains, complaintStep, withoutLoneComplaints } from "./complaints";
import { hasDelivery } from "./delivered";
import { awaitFleet, Fleet, forceRestartWrong, isLate, restartWrong, wakeMarkStep, wakeStep, whyForced } from "./fleet";
import { releaseFormerAccountStep } from "./formerAccounts";
import { attachStep, hasPropagated, propagationStep, SHOWN_AFTER_MILLISECONDS, toAttach } from "./giveBack";
import { HeldUp, heldUp, untestedLine, untilEachWorked } from "./heldUp";
import { leavingState, withoutTerminated } from "./leaving";
import { isRecorded, policiesLost, policiesToDetach, rolesToName, unknownRoleStep } from "./nodeRolePolicies";
import { associationStep, otherDeliveryRefusals } from "./otherDelivery";
import { describeNodes } from "./places";
import { describeUndecided, nodeRoleInUse, undecidedNodes } from "./podsOnNodeRoles";
import { Watched } from "./seen";
import { rolesKept, type SharingTarget } from "./sharedNodeRoles";
import { describeInstance, joiningInstances, unjoinedInstances } from "./unjoined";
import { unreadRegionRefusals } from "./unreadRegions";
import { untestedPods } from "./untestedPods";
import { usesNodeRole } from "./withoutPath";

/** The goal of the last part of the hand-over. */
export interface DetachmentTarget extends SharingTarget {
    readonly injectionGuard: boolean;
    readonly stableSeconds: number;
    /** How long a pod may take until it works. */
    readonly canarySeconds: number;
    readonly iamPropagationSeconds: number;
    readonly maxNotReadyNodes: number;
    /** The node roles that an earlier run has detached, and after which it has watched the pods. Missing: none. */
    readonly finishedRoles?: readonly string[];
    /** When the role was proved after a pod had complained. Earlier complaints are outdated. */
    readonly provedAt?: number;
}

/** How often a run attaches policies again because of a pod without the role, and continues. After one more, it refuses. */
const MAX_RESTORES = 3;

/**
 * Verification, then detachment.
 *
 * A CNI policy is detached from a node role only when
 *   a. every aws-node pod carries the CNI role and has the current template, and on each node that this run has seen from its beginning a pod has
 *      worked with the role for a while (decide/heldUp.ts),
 *   b. detachFromNodeRoles lists the roles of all those nodes,
 *   c. the instances outside this cluster that run with it are those of clusters that are named as handed over; else the role keeps its
 *      policies, and the rest goes on. Every region in which one could run was read, or counts as empty. No pod of the plugin uses it on
 *      nodes that the DaemonSet does not select, and the role of a new one of these nodes is known,
 *   d. neither the managed add-on nor a Pod Identity association gives aws-node another role,
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
    const held = heldUp(target, world, memory, (pod) => hasDelivery(pod, target));
    const { fleet, ignored } = held;
    const restore = restorePoliciesStep(target, fleet, lost, memory, at);
    if (restore !== undefined) {
        return restore;
    }
    const association = associationStep(target.subject, world);
    if (association !== undefined) {
        return association;
    }
    const admission = admitRoleStep(target, cluster);
    if (admission !== undefined) {
        return admission;
    }
    const verification = verificationStep(target, held, world, memory);
    if (verification !== undefined) {
        return verification;
    }
    const forced = ignoredNodesStep(target, ignored, cluster, memory, at);
    if (forced !== undefined) {
        return forced;
    }
    const wakeMark = wakeMarkStep(cluster);
    if (wakeMark !== undefined) {
        return wakeMark;
    }
    const narrow = narrowStep(target, cluster);
    if (narrow !== undefined) {
        return narrow;
    }
    if (!target.injectionGuard && cluster.injectionGuard.present) {
        // Without the guard, pods may use the permissions of the node roles, whose policies may just have been attached again.
        return target.detachFromNodeRoles === undefined &&
            target.record.namedNodeRoles.length > 0 &&
            !hasPropagated(memory)
            ? propagationStep(target.iamPropagationSeconds)
            : { do: "removeInjectionGuard", why: "removing the injection guard, which the program no longer asks for" };
    }
    const others = retiredRolesStep(target, cluster);
    if (others !== undefined) {
        return others;
    }
    const unstable = Math.max(
        untilEachWorked(held, target.stableSeconds, at),
        untilWebhookIsCurrent(target, memory, at),
    );
    if (unstable > 0) {
        return { do: "wait", why: watching(held, target.stableSeconds) };
    }
    return target.detachFromNodeRoles === undefined
        ? { do: "done", why: `${String(fleet.right.length)} pods carry the role` }
        : detachStep(target, target.detachFromNodeRoles, world, memory, held);
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
    const which = isAll ? `all ${String(right.length)} pods carry` : `${String(right.length)} pods carry`;
    const watched = isAll ? "them" : `${String(awaited.right.length)} of them`;
    return `${which} the role; watching ${watched} for ${String(stableSeconds)} s`;
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

/** A formerly approved role is deleted when this is done, so no other pod may carry it, and no former service account deliver it. */
function retiredRolesStep({ record, subject }: DetachmentTarget, cluster: ClusterSeen): Step | undefined {
    const retired = record.approvedRoleArns.filter((arn) => arn !== subject.roleArn);
    const others = othersThatCarry(cluster, retired);
    return (
        releaseFormerAccountStep(cluster) ??
        (others.length === 0 ? undefined : { do: "refuse", refusal: refusals.carriedByOthers(others) })
    );
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

/** If a pod uses the permissions of a node role, the detached policies are attached again before anything else. */
function restorePoliciesStep(
    { iamPropagationSeconds }: DetachmentTarget,
    fleet: Fleet,
    lost: readonly RolePolicy[],
    memory: Memory,
    at: number,
): Step | undefined {
    const withoutRole = [...fleet.wrong, ...fleet.terminating].filter(({ credentials }) => usesNodeRole(credentials));
    const [first] = withoutRole;
    if (first === undefined) {
        return undefined;
    }
    if (lost.length > 0) {
        return attachStep(
            lost,
            memory,
            at,
            `${describeCredentials(first)}: attaching the policies to the node roles again`,
        );
    }
    if (memory.restores > MAX_RESTORES) {
        return { do: "refuse", refusal: refusals.podsWithoutRole(withoutRole) };
    }
    return memory.attachedAt !== undefined && !hasPropagated(memory)
        ? propagationStep(iamPropagationSeconds)
        : undefined;
}

/** Restarts the pods without the role, within the DaemonSet's own limit, and waits for the rest. */
function verificationStep(target: DetachmentTarget, held: HeldUp, world: World, memory: Memory): Step | undefined {
    const { subject } = target;
    const { cluster } = world;
    const { fleet, ignored } = held;
    if (!isAnnotated(subject, cluster)) {
        return annotateAgainStep(subject, cluster, "the service account has lost its annotation: annotating it again");
    }
    const complaint = complaintStep(fleet, target, world);
    if (complaint !== undefined) {
        return complaint;
    }
    // A rolling update replaces pods with an older template by itself. The pods that the webhook missed are restarted here. The
    // rolling update is stuck while nodes that do not respond use up its limit.
    // https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/#daemonset-rolling-update-is-stuck
    const { updateStrategy, maxUnavailable = 1 } = cluster.daemonSet ?? {};
    const rolling = updateStrategy === "RollingUpdate" && ignored.length < maxUnavailable;
    // Policies that this run has detached or attached again were detached once all pods worked with the role.
    const wereVerified = memory.detachedAt !== undefined || memory.attachedAt !== undefined;
    const untested = wereVerified ? [] : untestedPods(fleet.wrong, target, world, memory);
    const kept = new Set([...untested, ...onLeavingNodes(fleet.wrong, world)]);
    const toRestart = fleet.wrong.filter((pod) => (!rolling || pod.current) && !kept.has(pod));
    const restart = restartWrong({ ...fleet, wrong: toRestart }, memory, world.at, describeCredentials);
    if (restart !== undefined) {
        return restart;
    }
    if (fleet.wrong.length > kept.size) {
        return {
            do: "wait",
            why: `${String(fleet.right.length)} pods carry the role, ${String(fleet.wrong.length - kept.size)} still have the old template`,
        };
    }
    return (
        wakeStep(fleet.nodesWithoutPod, cluster, memory, world.at) ??
        unworkingStep(target, held, world, memory) ??
        awaitFleet({ ...held.awaited, right: fleet.right }, cluster, memory, world.at) ??
        untestedStep(untested, fleet, world) ??
        waitFor(untestedLine(held)) ??
        waitFor(leavingLine(onLeavingNodes(fleet.wrong, world)))
    );
}

const waitFor = (why: string | undefined): Step | undefined => (why === undefined ? undefined : { do: "wait", why });

/** The pods on nodes whose instance is being terminated. They run until it is, and restart on no other node. */
function onLeavingNodes(pods: readonly PodSeen[], world: World): PodSeen[] {
    const leaving = new Set(
        world.cluster.nodes.filter((node) => leavingState(node, world) !== undefined).map(({ name }) => name),
    );
    return pods.filter(({ node }) => leaving.has(node));
}

function leavingLine(pods: readonly PodSeen[]): string | undefined {
    return pods.length === 0
        ? undefined
        : `these pods do not carry the role until they leave with their nodes: ${listNames(pods)}`;
}

/**
 * Pods that carry the role and cannot use it, in a place where no pod works with it. Their nodes were NotReady while the canaries were watched. A
 * run of the rollout takes them back. Undefined if there are none.
 */
function unworkingStep(
    { canarySeconds, subject }: DetachmentTarget,
    { awaited, untestedPlaces }: HeldUp,
    world: World,
    memory: Memory,
): Step | undefined {
    const untested = new Set(
        untestedPlaces.flatMap(({ nodes }) => nodes.filter(({ ready }) => ready).map(({ name }) => name)),
    );
    const late = awaited.starting.filter(
        (pod) =>
            untested.has(pod.node) && pod.startProblem === undefined && isLate(pod, canarySeconds, memory, world.at),
    );
    return late.length === 0
        ? undefined
        : {
              do: "refuse",
              refusal: refusals.placeUnusable(late, describeNodes(late, world), subject.roleArn, canarySeconds),
          };
}

/** Undefined if there are none. */
function untestedStep(untested: readonly PodSeen[], fleet: Fleet, world: World): Step | undefined {
    const theirs = new Set(untested.map(({ node }) => node));
    const silent = world.cluster.nodes.filter(({ name, ready }) => !ready && theirs.has(name));
    if (silent.length > 0) {
        return {
            do: "wait",
            why: `${String(fleet.right.length)} of ${String(fleet.right.length + untested.length)} pods carry the role (NotReady: ${listNames(silent)})`,
        };
    }
    return untested.length === 0
        ? undefined
        : { do: "refuse", refusal: refusals.canaryMissing(untested, describeNodes(untested, world)) };
}

function ignoredNodesStep(
    target: DetachmentTarget,
    ignored: readonly NodeSeen[],
    cluster: ClusterSeen,
    memory: Memory,
    at: number,
): Step | undefined {
    const nodes = new Set(ignored.map(({ name }) => name));
    const wrong = cluster.pods.filter((pod) => nodes.has(pod.node) && !hasDelivery(pod, target));
    return forceRestartWrong(wrong, memory, at, whyForced);
}

function detachStep(
    target: DetachmentTarget,
    named: readonly string[],
    world: World,
    memory: Memory,
    { fleet, holding }: HeldUp,
): Step {
    const { account, cluster, at } = world;
    const kept = rolesKept(target, account.nodeRoles, memory, at).map(({ role }) => role.name);
    const roles = account.nodeRoles.filter(
        ({ name, exists }) => exists && named.includes(name) && !kept.includes(name),
    );
    const policies = roles.flatMap((role) => policiesToDetach(target, role));
    if (policies.length === 0) {
        const result = describeResult(named, kept);
        // IAM enforces the detachment with a delay, and a pod may have been starting meanwhile.
        const watched = watchedSince(target, roles, memory) + target.stableSeconds * 1000 - at;
        return watched > 0
            ? { do: "wait", why: `${result}; watching the pods for ${String(target.stableSeconds)} s` }
            : ((kept.length === 0 ? undefined : injectionGuardStep(target, cluster)) ?? {
                  do: "done",
                  why: `${String(fleet.right.length)} pods carry the role; ${result}`,
              });
    }
    const unknown = unknownRoleStep(holding, account);
    if (unknown !== undefined) {
        return unknown;
    }
    const unnamed = rolesToName(account).filter((role) => !named.includes(role));
    if (unnamed.length > 0) {
        return { do: "refuse", refusal: refusals.nodeRoleNotNamed(unnamed, named) };
    }
    const [unread] = unreadRegionRefusals(account, named);
    if (unread !== undefined) {
        return { do: "refuse", refusal: unread };
    }
    const { defaultPodsWithoutRole = [] } = cluster;
    if (defaultPodsWithoutRole.length > 0) {
        return { do: "refuse", refusal: refusals.defaultPodsWithoutRole(target.subject, defaultPodsWithoutRole) };
    }
    const inUse = nodeRoleInUse(target.subject, roles, cluster);
    if (inUse !== undefined) {
        return { do: "refuse", refusal: inUse };
    }
    const undecided = undecidedNodes(world);
    if (undecided.length > 0) {
        return {
            do: "wait",
            why: `EC2 does not show the instances of these nodes yet, and pods there may use the node roles: ${listTexts(undecided.map(describeUndecided))}`,
        };
    }
    const [another] = otherDeliveryRefusals(target.subject, account.otherDelivery, true);
    if (another !== undefined) {
        return { do: "refuse", refusal: another };
    }
    const unjoined = unjoinedInstances(roles, cluster);
    const joining = target.injectionGuard ? [] : joiningInstances(unjoined, memory, at);
    if (joining.length > 0) {
        return {
            do: "wait",
            why: `without the injection guard, instances that were launched less than 15 minutes ago get time to join: ${listTexts(joining.map(describeInstance))}`,
        };
    }
    const guard = injectionGuardStep(target, cluster);
    if (guard !== undefined) {
        return guard;
    }
    if (at - (memory.detachedAt ?? 0) < SHOWN_AFTER_MILLISECONDS) {
        return { do: "wait", why: "IAM does not show the detachment yet" };
    }
    const unrecorded = policies.find((policy) => !isRecorded(target.record, policy));
    return unrecorded === undefined
        ? {
              do: "detach",
              policies,
              why:
                  `${String(fleet.right.length)} pods carry the role: detaching the policies from ${named.join(", ")}` +
                  (unjoined.length === 0
                      ? ""
                      : `. These instances are not nodes and need not join: ${listTexts(unjoined.map(describeInstance))}`),
          }
        : { do: "refuse", refusal: refusals.policyNotRecorded(unrecorded) };
}

/**
 * When the watch after the detachment began. 0 if it is over. If this run has not detached the policies, an earlier one may have, and may have
 * been killed before its watch.
 */
function watchedSince(target: DetachmentTarget, roles: readonly NodeRoleSeen[], memory: Memory): number {
    const { finishedRoles = [] } = target;
    const { detachedAt, detachSentAt, startedAt } = memory;
    const unfinished = roles.filter(({ name }) => !finishedRoles.includes(name));
    return Math.max(detachedAt ?? 0, detachSentAt ?? 0, policiesLost(target, unfinished).length > 0 ? startedAt : 0);
}

function describeResult(named: readonly string[], kept: readonly string[]): string {
    const detached = named.filter((name) => !kept.includes(name));
    return [
        ...(detached.length === 0 ? [] : [`the policies are detached from ${detached.join(", ")}`]),
        ...(kept.length === 0 ? [] : [`${kept.join(", ")} ${kept.length === 1 ? "keeps its" : "keep their"} policies`]),
    ].join("; ");
}

/** Without the guard in force, a pod may still be born without the role. Undefined if it is in force, or not asked for. */
function injectionGuardStep({ injectionGuard, subject }: DetachmentTarget, cluster: ClusterSeen): Step | undefined {
    if (!injectionGuard || cluster.injectionGuard.inForce) {
        return undefined;
    }
    return cluster.injectionGuard.present
        ? { do: "wait", why: "the injection guard is not in force yet" }
        : { do: "refuse", refusal: refusals.injectionGuardMissing(subject) };
}
