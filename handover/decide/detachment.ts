import { describeCredentials, othersThatCarry } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import { listNames } from "../model/listNames";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Memory, RolePolicy, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen, NodeSeen, PodSeen, World } from "../model/world";
import { admitRoleStep, narrowStep } from "./admittedRoles";
import { complaintStep } from "./complaints";
import { hasDelivery } from "./delivered";
import {
    awaitFleet,
    Fleet,
    fleetOf,
    forceRestartWrong,
    restartWrong,
    untilStable,
    wakeMarkStep,
    whyForced,
} from "./fleet";
import { releaseFormerAccountStep } from "./formerAccounts";
import { attachStep, hasPropagated, propagationStep, SHOWN_AFTER_MILLISECONDS, toAttach } from "./giveBack";
import { NodeRoleTarget, policiesLost, policiesToDetach, unknownRoleStep } from "./nodeRolePolicies";
import { associationStep, otherDeliveryRefusals } from "./otherDelivery";
import { describeNodes } from "./places";
import { unreadRegionRefusals } from "./unreadRegions";
import { untestedPods } from "./untestedPods";
import { usesNodeRole } from "./withoutPath";

/** The goal of the last part of the hand-over. */
export interface DetachmentTarget extends NodeRoleTarget {
    readonly injectionGuard: boolean;
    readonly stableSeconds: number;
    readonly iamPropagationSeconds: number;
    readonly maxNotReadyNodes: number;
    /** When the role was proved after a pod had complained. Earlier complaints are outdated. */
    readonly provedAt?: number;
}

/** How often a run attaches policies again because of a pod without the role, and continues. After one more, it refuses. */
const MAX_RESTORES = 3;

/**
 * Verification, then detachment.
 *
 * A CNI policy is detached from a node role only when
 *   a. every node that should run aws-node has a pod that carries the CNI role, has the current template, and has been Ready for a
 *      while, and no other aws-node pod exists,
 *   b. detachFromNodeRoles lists the roles of all those nodes,
 *   c. no instance outside this cluster runs with them, every region in which one could counts as empty or was read, and every instance
 *      of this cluster that runs with them has joined,
 *   d. neither the managed add-on nor a Pod Identity association gives aws-node another role,
 *   e. the injection guard exists, refuses a pod without the role in dry runs, and admits pods with this role alone, if it is requested,
 *   f. the policy is recorded, so that it can be attached again.
 *
 * Afterwards the pods are watched for the same time. If a pod without the role appears, the policies are attached again at once.
 */
export function nextDetachmentStep(target: DetachmentTarget, world: World, memory: Memory): Step {
    const { cluster, account, at } = world;
    const failed = failedPrecondition(target, cluster);
    if (failed !== undefined) {
        return failed;
    }
    const lost = toAttach(policiesLost(target, account.nodeRoles), memory);
    const { nodes, ignored } = consideredNodes(target, cluster);
    const fleet = fleetOf(cluster, nodes, (pod) => hasDelivery(pod, target));
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
    const verification = verificationStep(target, fleet, ignored, world, memory);
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
        untilStable(fleet.right, target.stableSeconds, at),
        untilWebhookIsCurrent(target, memory, at),
    );
    if (unstable > 0) {
        return {
            do: "wait",
            why: `all ${String(fleet.right.length)} pods carry the role; watching them for ${String(target.stableSeconds)} s`,
        };
    }
    return target.detachFromNodeRoles === undefined
        ? { do: "done", why: `${String(fleet.right.length)} pods carry the role` }
        : detachStep(target, target.detachFromNodeRoles, world, memory, fleet);
}

/** Why the verification refuses because pods complain. Undefined if none does, or if it refuses before it looks at the pods. */
export function refusedComplaint(target: DetachmentTarget, world: World): Refusal | undefined {
    const { cluster } = world;
    const { nodes } = consideredNodes(target, cluster);
    return failedPrecondition(target, cluster) === undefined
        ? complaintStep(
              fleetOf(cluster, nodes, (pod) => hasDelivery(pod, target)),
              target,
              world,
          )?.refusal
        : undefined;
}

/** How many pods do not carry the role as it is delivered now. */
export function podsToRestart(target: DetachmentTarget, { cluster }: World): number {
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

/** The nodes that count, and the NotReady nodes that `maxNotReadyNodes` allows to skip. */
function consideredNodes(target: DetachmentTarget, { nodes }: ClusterSeen) {
    const notReady = nodes.filter(({ ready }) => !ready);
    const ignored = notReady.length <= target.maxNotReadyNodes ? notReady : [];
    return { nodes: nodes.filter((node) => !ignored.includes(node)), ignored };
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
function verificationStep(
    target: DetachmentTarget,
    fleet: Fleet,
    ignored: readonly NodeSeen[],
    world: World,
    memory: Memory,
): Step | undefined {
    const { subject } = target;
    const { cluster } = world;
    if (!isAnnotated(subject, cluster)) {
        return annotationStep(subject, cluster);
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
    const untested = wereVerified ? [] : untestedPods(fleet.wrong, target, world);
    const kept = new Set(untested);
    const toRestart = fleet.wrong.filter((pod) => (!rolling || pod.current) && !kept.has(pod));
    const restart = restartWrong({ ...fleet, wrong: toRestart }, memory, world.at, describeCredentials);
    if (restart !== undefined) {
        return restart;
    }
    if (fleet.wrong.length > untested.length) {
        return {
            do: "wait",
            why: `${String(fleet.right.length)} pods carry the role, ${String(fleet.wrong.length - untested.length)} still have the old template`,
        };
    }
    return awaitFleet(fleet, cluster, memory, world.at) ?? untestedStep(untested, fleet, world);
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

/** Restores an annotation that was removed, but does not overwrite another owner's. */
function annotationStep(subject: Subject, { serviceAccount }: ClusterSeen): Step {
    const otherOwners = (serviceAccount?.roleArnOwners ?? []).filter((owner) => owner !== subject.fieldManager);
    return otherOwners.length > 0
        ? { do: "refuse", refusal: refusals.annotationOwned(subject, otherOwners) }
        : {
              do: "annotate",
              annotations: subject.annotations,
              why: "the service account has lost its annotation: annotating it again",
          };
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
    fleet: Fleet,
): Step {
    const { account, cluster, at } = world;
    const roles = account.nodeRoles.filter(({ name, exists }) => exists && named.includes(name));
    const policies = roles.flatMap((role) => policiesToDetach(target, role));
    if (policies.length === 0) {
        // IAM enforces the detachment with a delay, and a pod may have been starting meanwhile.
        const watched = (memory.detachedAt ?? 0) + target.stableSeconds * 1000 - at;
        return watched > 0
            ? {
                  do: "wait",
                  why: `the policies are detached from ${named.join(", ")}; watching the pods for ${String(target.stableSeconds)} s`,
              }
            : {
                  do: "done",
                  why: `${String(fleet.right.length)} pods carry the role; the policies are detached from ${named.join(", ")}`,
              };
    }
    const unknown = unknownRoleStep(consideredNodes(target, cluster).nodes, account);
    if (unknown !== undefined) {
        return unknown;
    }
    const used = [...new Set(Object.values(account.roleOfInstance))].filter((role) => role !== undefined);
    const unnamed = used.filter((role) => !named.includes(role));
    if (unnamed.length > 0) {
        return { do: "refuse", refusal: refusals.nodeRoleNotNamed(unnamed, named) };
    }
    const elsewhere = roles.filter(({ instancesElsewhere }) => instancesElsewhere.length > 0);
    if (elsewhere[0] !== undefined) {
        return { do: "refuse", refusal: refusals.nodeRoleShared(elsewhere[0]) };
    }
    const [unread] = unreadRegionRefusals(account, named);
    if (unread !== undefined) {
        return { do: "refuse", refusal: unread };
    }
    const { defaultPodsWithoutRole = [] } = cluster;
    if (defaultPodsWithoutRole.length > 0) {
        return { do: "refuse", refusal: refusals.defaultPodsWithoutRole(target.subject, defaultPodsWithoutRole) };
    }
    const [another] = otherDeliveryRefusals(target.subject, account.otherDelivery, true);
    if (another !== undefined) {
        return { do: "refuse", refusal: another };
    }
    const joined = new Set(cluster.nodes.map(({ instanceId }) => instanceId));
    const joining = roles.flatMap((role) => role.instancesOfCluster).filter((id) => !joined.has(id));
    if (joining.length > 0) {
        return { do: "wait", why: `instances with a node role have not joined yet: ${joining.join(", ")}` };
    }
    if (target.injectionGuard && !cluster.injectionGuard.present) {
        return { do: "refuse", refusal: refusals.injectionGuardMissing(target.subject) };
    }
    if (target.injectionGuard && !cluster.injectionGuard.inForce) {
        return { do: "wait", why: "the injection guard is not in force yet" };
    }
    if (at - (memory.detachedAt ?? 0) < SHOWN_AFTER_MILLISECONDS) {
        return { do: "wait", why: "IAM does not show the detachment yet" };
    }
    const unrecorded = policies.find(
        ({ roleName, policyArn }) => !(target.record.nodeRolePolicies[roleName] ?? []).includes(policyArn),
    );
    return unrecorded === undefined
        ? {
              do: "detach",
              policies,
              why: `${String(fleet.right.length)} pods carry the role: detaching the policies from ${named.join(", ")}`,
          }
        : { do: "refuse", refusal: refusals.policyNotRecorded(unrecorded) };
}
