import {
    PATCH_FIELD_MANAGER_ANNOTATION,
    ROLE_ARN_ANNOTATION,
    ROLLOUT_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf, describeCredentials } from "../model/carriedRole";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen, NodeRoleSeen, PodSeen, World } from "../model/world";
import { awaitFleet, Fleet, fleetOf, restartWrong, wakeMarkStep } from "./fleet";
import { attachStep, hasPropagated, missingPolicies, propagationStep } from "./giveBack";
import { unknownRoleStep } from "./nodeRolePolicies";
import { isTurnedOff, nextTurningOffStep } from "./turnedOff";

/** What the hand-back is to give back. */
export interface HandBackTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    readonly iamPropagationSeconds: number;
    /** What the service account goes back to: the role that was there before, if it still works; else nothing. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
}

/**
 * The way back, each step only if it is still to do:
 *   a. attaching the recorded policies again to the node roles that have nodes, and IAM gets its time to enforce it,
 *   b. the role of every node holds what the CNI needs, else nothing moves,
 *   c. the injection guard goes, which would refuse pods on the old path,
 *   d. the annotation goes, or back to what it was,
 *   e. one pod restarts and is seen to work, then the rest by the DaemonSet's own rolling update,
 *   f. no pod carries a role that was ever approved: only then may the role go.
 *
 * The pods of other clusters, of more issuers that the role trusts, cannot be seen, so that it may not go at all.
 */
export function nextHandBackStep(target: HandBackTarget, world: World, memory: Memory): Step {
    const { cluster } = world;
    if (cluster.uid !== target.record.clusterUid) {
        return { do: "refuse", refusal: refusals.clusterChanged(target.record.clusterUid, cluster.uid) };
    }
    if (isTurnedOff(target.subject, cluster)) {
        return nextTurningOffStep(cluster);
    }
    return (
        attachAgain(target, world, memory) ??
        othersStep(target) ??
        nodeRolesStep(target, world, memory) ??
        clusterStep(target, cluster) ??
        podsStep(target, world, memory)
    );
}

function attachAgain({ record }: HandBackTarget, { account, at }: World, memory: Memory): Step | undefined {
    const missing = missingPolicies(record, record.namedNodeRoles, account);
    const roles = [...new Set(missing.map(({ roleName }) => roleName))].join(", ");
    return missing.length === 0
        ? undefined
        : attachStep(missing, memory, at, `attaching the recorded policies again to ${roles}`);
}

function othersStep({ subject }: HandBackTarget): Step | undefined {
    const others = subject.issuers.slice(1);
    return others.length === 0 ? undefined : { do: "refuse", refusal: refusals.additionalIssuers(others) };
}

function nodeRolesStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { cluster } = world;
    const moves = cluster.pods.some(carries(target));
    if (moves && target.formerAnnotations[ROLE_ARN_ANNOTATION] === undefined) {
        const unsafe = unsafeNodeRolesStep(target, world);
        if (unsafe !== undefined) {
            return unsafe;
        }
    }
    // A pod that is born after the guard has gone, or the annotation, relies on the node role as much as one that is restarted.
    const relies = moves || cluster.injectionGuard.present || hasOurAnnotation(target.subject, cluster);
    return relies && cluster.nodes.length > 0 && target.record.namedNodeRoles.length > 0 && !hasPropagated(memory)
        ? propagationStep(target.iamPropagationSeconds)
        : undefined;
}

function hasOurAnnotation(subject: Subject, { serviceAccount }: ClusterSeen): boolean {
    return serviceAccount !== undefined && isOurs(subject, serviceAccount);
}

function clusterStep(target: HandBackTarget, cluster: ClusterSeen): Step | undefined {
    if (cluster.injectionGuard.present) {
        return { do: "removeInjectionGuard", why: "removing the injection guard: pods may use the node role again" };
    }
    const { serviceAccount } = cluster;
    if (serviceAccount === undefined) {
        return undefined;
    }
    if (isOurs(target.subject, serviceAccount)) {
        return {
            do: "releaseServiceAccount",
            leaving: target.formerAnnotations,
            why: "removing the annotation from the service account",
        };
    }
    // Somebody else has written the role's ARN there: each pod would be born with a role that is about to go.
    return rolesToLeave(target).includes(serviceAccount.annotations[ROLE_ARN_ANNOTATION] ?? "")
        ? { do: "refuse", refusal: refusals.annotationOwned(target.subject, serviceAccount.roleArnOwners) }
        : undefined;
}

function podsStep(target: HandBackTarget, world: World, memory: Memory): Step {
    const { cluster, at } = world;
    const { daemonSet } = cluster;
    if (daemonSet === undefined) {
        return { do: "done", why: "there is no DaemonSet, so no pod carries the role" };
    }
    const fleet = fleetOf(cluster, cluster.nodes, (pod) => !carries(target)(pod), false);
    const begin = firstPodStep(fleet, cluster, memory, at);
    if (begin !== undefined) {
        return begin;
    }
    if (daemonSet.templateAnnotations[ROLLOUT_ANNOTATION] !== undefined) {
        return { do: "releaseTemplate", why: "the DaemonSet's rolling update restarts the other pods" };
    }
    const rolling = daemonSet.updateStrategy === "RollingUpdate";
    const ours = fleet.wrong.filter((pod) => !rolling || pod.current);
    const restart = restartWrong({ ...fleet, wrong: ours }, memory, at, describeCredentials);
    if (restart !== undefined) {
        return restart;
    }
    const old = rolling ? cluster.pods.filter(({ current, terminating }) => !current && !terminating) : fleet.wrong;
    if (old.length > 0) {
        return {
            do: "wait",
            why: `${String(old.length)} of ${String(cluster.nodes.length)} pods have not restarted yet`,
        };
    }
    const back = `${String(fleet.right.length)} pods use their former credentials again; none carries the role`;
    return (
        awaitFleet(fleet, cluster, memory, at) ??
        wakeMarkStep(cluster) ??
        lateWebhookStep(cluster, memory, at, back) ?? { do: "done", why: back }
    );
}

/**
 * The webhook knows of the service account by a cache of its own (amazon-eks-pod-identity-webhook pkg/cache/cache.go). While that
 * is late, a pod that is born, on a node that joins for instance, still gets the role that is about to go.
 */
function lateWebhookStep(cluster: ClusterSeen, memory: Memory, at: number, back: string): Step | undefined {
    const since = memory.releasedAt ?? memory.startedAt;
    return cluster.nodes.length > 0 && at - since < LATE_WEBHOOK_MILLISECONDS
        ? { do: "wait", why: `${back}; watching for pods that still get it from the webhook's cache` }
        : undefined;
}

const LATE_WEBHOOK_MILLISECONDS = 20_000;

/** One pod goes first, and is seen to work. Undefined when one is there, or when none has to move. */
function firstPodStep(fleet: Fleet, cluster: ClusterSeen, memory: Memory, at: number): Step | undefined {
    if (fleet.right.length > 0 || fleet.wrong.length === 0) {
        return undefined;
    }
    // The same one again, if it was given the role once more: a late webhook would give it to the others, too.
    const tried = fleet.wrong.filter(({ node }) => memory.restarts[node] !== undefined);
    const first = {
        ...fleet,
        wrong: tried.length > 0 ? tried : fleet.wrong,
        budget: Math.max(fleet.budget, 1),
    };
    return (
        awaitFleet(fleet, cluster, memory, at) ?? restartWrong(first, memory, at, (pod) => `${pod.name} restarts first`)
    );
}

/** Roles whose pods are to go: every one that was ever approved, but not the one that aws-node goes back to. */
function rolesToLeave({ record, formerAnnotations }: HandBackTarget): string[] {
    return record.approvedRoleArns.filter((arn) => arn !== formerAnnotations[ROLE_ARN_ANNOTATION]);
}

function carries(target: HandBackTarget): (pod: PodSeen) => boolean {
    const roles = rolesToLeave(target);
    return (pod) => carriesAnyOf(pod, roles);
}

/** A pod that restarts on a node whose role holds nothing would have no path. */
function unsafeNodeRolesStep({ record, subject }: HandBackTarget, { cluster, account }: World): Step | undefined {
    const used = new Set(cluster.nodes.map(({ instanceId }) => account.roleOfInstance[instanceId ?? ""]));
    const poor = account.nodeRoles.filter((role) => used.has(role.name) && !suffices(role, record));
    return (
        unknownRoleStep(cluster.nodes, account) ??
        (poor.length === 0 ? undefined : { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions(poor, subject) })
    );
}

/**
 * An inline policy with such grants is taken for enough: whoever wrote it there knew why. So is what was recorded: pods lived off
 * it before, whatever today's plugin needs besides.
 */
function suffices(
    { name, cniPolicies, inlineCniPolicies }: NodeRoleSeen,
    { nodeRolePolicies }: HandOverRecord,
): boolean {
    const recorded = nodeRolePolicies[name] ?? [];
    return (
        cniPolicies.some(({ arn, sufficient }) => sufficient || recorded.includes(arn)) || inlineCniPolicies.length > 0
    );
}

/** Whether the component's patch still owns something of the service account. */
function isOurs({ fieldManager }: Subject, { annotations, roleArnOwners }: NonNullable<ClusterSeen["serviceAccount"]>) {
    return roleArnOwners.includes(fieldManager) || annotations[PATCH_FIELD_MANAGER_ANNOTATION] === fieldManager;
}
