import {
    PATCH_FIELD_MANAGER_ANNOTATION,
    ROLE_ARN_ANNOTATION,
    ROLLOUT_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf, carriesRole, describeCredentials, othersThatCarry } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import { listNames } from "../model/listNames";
import { type HandOverRecord, recordedNotAttached } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, RolePolicy, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { TurningOff } from "../model/turningOff";
import type { AccountSeen, ClusterSeen, NodeRoleSeen, NodeSeen, PodSeen, World } from "../model/world";
import { isAnotherComponents } from "./anotherComponent";
import { awaitFleet, Fleet, fleetOf, forceRestartWrong, isLate, restartWrong, wakeMarkStep, whyForced } from "./fleet";
import { releaseFormerAccountStep } from "./formerAccounts";
import { attachStep, hasPropagated, isOwnAndIdle, missingPolicies, propagationStep, toAttach } from "./giveBack";
import { withoutLeaving, withoutTerminated } from "./leaving";
import { holdsPermissions, policiesNeeded, rolesOf, unknownRoleStep } from "./nodeRolePolicies";
import { describeNodes } from "./places";
import { withoutJoining } from "./seen";
import { isShared } from "./sharedNodeRoles";
import { sideBySide } from "./sideBySide";
import { isTurnedOff, nextTurningOffStep } from "./turnedOff";

/** The goal of the hand-back. */
export interface HandBackTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    readonly iamPropagationSeconds: number;
    /** The annotations to restore: those of the role from before the hand-over if it still works, otherwise none. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
    /** Whether the run's program turns the live checks off. */
    readonly turningOff?: TurningOff;
    /** How long a pod may take until it works with its former credentials. Undefined: there is no limit of its own. */
    readonly canarySeconds?: number;
    /** How many NotReady nodes the hand-back may skip. Missing: none. */
    readonly maxNotReadyNodes?: number;
    /** Whether the node roles stay as they are if the live checks are turned off. */
    readonly keepDetached?: boolean;
}

/**
 * The hand-back. Each step is taken only if it is still needed:
 *   a. the recorded policies are attached again to the node roles that exist, and IAM gets time to enforce them; so are those that
 *      another cluster's run has detached from a shared node role, if pods return to it,
 *   b. the role of every node has the CNI's permissions, else nothing moves,
 *   c. the injection guard is removed, which would refuse pods that use the node role,
 *   d. the annotation is removed, or its former value restored,
 *   e. one pod of each node role restarts, side by side, and is seen to work, then the rest restart in waves,
 *   f. no pod carries a role that was ever approved, of any DaemonSet and of any former service account. Only then may the role be
 *      deleted.
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
        return giveBackStep(target, world, memory) ?? nextTurningOffStep(target.record, cluster, target.subject);
    }
    return (
        attachAgain(target, world, memory) ??
        additionalIssuersStep(target) ??
        nodeRolesStep(target, world, memory) ??
        clusterStep(target, cluster) ??
        podsStep(target, world, memory)
    );
}

/** The nodes that the hand-back waits for, and the NotReady ones that it may skip. */
interface ReturningNodes {
    readonly nodes: readonly NodeSeen[];
    /** Their pods are removed from the API, and their kubelets stop them when the nodes are back. */
    readonly ignored: readonly NodeSeen[];
}

function returningNodes(target: HandBackTarget, world: World, memory: Memory): ReturningNodes {
    const carriesOne = carries(target);
    const { cluster } = withoutLeaving(world);
    const settled = withoutJoining(cluster.nodes, cluster, memory, (pod) => !carriesOne(pod));
    const silent = settled.filter(({ ready }) => !ready);
    const ignored = silent.length <= (target.maxNotReadyNodes ?? 0) ? silent : [];
    return { nodes: settled.filter((node) => !ignored.includes(node)), ignored };
}

/**
 * Before the injection guard goes: from then on a pod that the webhook has missed uses its node role. The detachment has attached the
 * policies, unless a destroy that was killed has deleted it before. It knows nothing of those that another cluster's run had detached.
 */
function giveBackStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { record, iamPropagationSeconds, keepDetached = false } = target;
    if (keepDetached) {
        return undefined;
    }
    const relies = world.cluster.injectionGuard.present && record.namedNodeRoles.length > 0;
    return (
        attachAgain(target, world, memory) ??
        attachForOthers(target, world, memory) ??
        (relies && !hasPropagated(memory) ? propagationStep(iamPropagationSeconds) : undefined)
    );
}

function attachAgain(target: HandBackTarget, { account, cluster, at }: World, memory: Memory): Step | undefined {
    const { record, subject } = target;
    if (isAnotherComponents(subject, retiredRoles(target), cluster)) {
        return undefined;
    }
    return attachRecorded(missingPolicies(record, record.namedNodeRoles, account, memory), memory, at);
}

function attachRecorded(missing: readonly RolePolicy[], memory: Memory, at: number): Step | undefined {
    const roles = [...new Set(missing.map(({ roleName }) => roleName))].join(", ");
    return missing.length === 0
        ? undefined
        : attachStep(missing, memory, at, `attaching the recorded policies again to ${roles}`);
}

/**
 * Attaches the policies that another cluster's run has detached from a shared node role: this component has never seen them attached, or
 * its program does not list the role. The pods that return to the role need them.
 */
function attachForOthers(target: HandBackTarget, { cluster, account, at }: World, memory: Memory): Step | undefined {
    const { record } = target;
    const listed = account.nodeRoles.filter(
        (role) => role.exists && record.namedNodeRoles.includes(role.name) && !isOwnAndIdle(record, role),
    );
    const missing = [
        ...listed.flatMap((role) => policiesNeeded(record, role)),
        ...sharedAndUnlisted(target, cluster, account)
            .filter((role) => !holdsPermissions(role, []))
            .flatMap((role) => [...recordedNotAttached(record, role), ...policiesNeeded(record, role)]),
    ];
    return attachRecorded(toAttach(missing, memory), memory, at);
}

/** The node roles of this cluster that other clusters share, and that the program does not list. */
function sharedAndUnlisted({ record }: HandBackTarget, { nodes }: ClusterSeen, account: AccountSeen): NodeRoleSeen[] {
    return rolesOf(nodes, account).filter(
        (role) => role.exists && isShared(role) && !record.namedNodeRoles.includes(role.name),
    );
}

function hasFormerRole({ formerAnnotations }: HandBackTarget): boolean {
    return formerAnnotations[ROLE_ARN_ANNOTATION] !== undefined;
}

function additionalIssuersStep({ subject }: HandBackTarget): Step | undefined {
    const others = subject.issuers.slice(1);
    return others.length === 0 ? undefined : { do: "refuse", refusal: refusals.additionalIssuers(others) };
}

function nodeRolesStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { cluster, account } = world;
    const moves = cluster.pods.some((pod) => carries(target)(pod) || losesItsAnnotation(target, cluster, pod));
    if (moves && !hasFormerRole(target)) {
        const unsafe = attachForOthers(target, world, memory) ?? unsafeNodeRolesStep(target, world, memory);
        if (unsafe !== undefined) {
            return unsafe;
        }
    }
    // A pod that is created without the guard, or without the annotation, uses the node role like a pod that is restarted.
    const relies = moves || cluster.injectionGuard.present || hasComponentAnnotation(target.subject, cluster);
    // A run that was killed may have attached the policies just before.
    const unlisted = hasFormerRole(target) ? [] : sharedAndUnlisted(target, cluster, account);
    const mayBeNew = target.record.namedNodeRoles.length + unlisted.length > 0;
    return relies && mayHavePods(cluster) && mayBeNew && !hasPropagated(memory)
        ? propagationStep(target.iamPropagationSeconds)
        : undefined;
}

/** Without the DaemonSet, its nodes are unknown. It may have another name now. */
function mayHavePods({ nodes, daemonSet }: ClusterSeen): boolean {
    return nodes.length > 0 || daemonSet === undefined;
}

/**
 * Whether a pod carries a role that the component has annotated, and this record does not know: `--replace` has made another credential
 * guard, which has moved the pods. The rolling update would restart them without a role.
 */
function losesItsAnnotation({ subject }: HandBackTarget, { serviceAccount }: ClusterSeen, pod: PodSeen): boolean {
    const roleArn = serviceAccount?.annotations[ROLE_ARN_ANNOTATION];
    return (
        serviceAccount !== undefined &&
        roleArn !== undefined &&
        isOwnedByComponent(subject, serviceAccount) &&
        carriesAnyOf(pod, [roleArn])
    );
}

function hasComponentAnnotation(subject: Subject, { serviceAccount }: ClusterSeen): boolean {
    return serviceAccount !== undefined && isOwnedByComponent(subject, serviceAccount);
}

function clusterStep(target: HandBackTarget, cluster: ClusterSeen): Step | undefined {
    if (cluster.injectionGuard.present) {
        return { do: "removeInjectionGuard", why: "removing the injection guard: pods may use the node role again" };
    }
    const { serviceAccount } = cluster;
    const former = releaseFormerAccountStep(cluster);
    if (former !== undefined) {
        return former;
    }
    if (serviceAccount === undefined) {
        return undefined;
    }
    if (isOwnedByComponent(target.subject, serviceAccount)) {
        return {
            do: "releaseServiceAccount",
            leaving: target.formerAnnotations,
            why: "removing the annotation from the service account",
        };
    }
    // Another field manager has written the role's ARN: each new pod would get a role that is about to be deleted.
    return retiredRoles(target).includes(serviceAccount.annotations[ROLE_ARN_ANNOTATION] ?? "")
        ? { do: "refuse", refusal: refusals.annotationOutlivesRole(target.subject, serviceAccount.roleArnOwners) }
        : undefined;
}

function podsStep(target: HandBackTarget, world: World, memory: Memory): Step {
    const { cluster, at } = world;
    const { daemonSet } = cluster;
    if (daemonSet === undefined) {
        const none = "there is no DaemonSet, so no pod carries the role";
        return othersStep(target, cluster) ?? lateWebhookStep(cluster, memory, at, none) ?? { do: "done", why: none };
    }
    const { nodes, ignored } = returningNodes(target, world, memory);
    const counting = { ...world, cluster: { ...cluster, nodes } };
    const fleet = returningFleet(target, cluster, nodes);
    const failed = failedStep(target, fleet, counting, memory);
    if (failed !== undefined) {
        return failed;
    }
    const firstPods = firstPodsStep(target, counting, memory);
    if (firstPods !== undefined) {
        return firstPods;
    }
    if (daemonSet.templateAnnotations[ROLLOUT_ANNOTATION] !== undefined) {
        return { do: "releaseTemplate", why: "the DaemonSet's rolling update restarts the other pods" };
    }
    if (daemonSet.patchFieldManager === target.subject.fieldManager) {
        // The live checks restart pods without a change of the template.
        return { do: "releaseTemplate", why: "removing the component's fields from the DaemonSet" };
    }
    const rolling = goesOnByItself(cluster);
    const mayRestart = (pod: PodSeen) => !rolling || pod.current;
    // The pods on NotReady nodes come last. They do not use up maxUnavailable, so that they do not hold up the others.
    const responding = returningFleet(target, cluster, readyNodes({ nodes }));
    const first = responding.wrong.filter(mayRestart);
    const toRestart = first.length > 0 ? first : fleet.wrong.filter(mayRestart);
    if (toRestart.length > 0) {
        // A wave begins when the one before it works, so that no more than one is ever without a path.
        const restart =
            awaitFleet(responding, cluster, memory, at) ??
            restartWrong({ ...responding, wrong: toRestart }, memory, at, describeCredentials);
        if (restart !== undefined) {
            return restart;
        }
    }
    const skipped = cluster.pods.filter((pod) => carries(target)(pod) && ignored.some(({ name }) => name === pod.node));
    const forced = forceRestartWrong(skipped, memory, at, whyForced);
    if (forced !== undefined) {
        return forced;
    }
    const old = rolling ? cluster.pods.filter(({ current, terminating }) => !current && !terminating) : fleet.wrong;
    if (old.length > 0) {
        // The controller's rolling update waits for them, whatever credentials they have.
        const holdingUp = cluster.pods.filter(({ ready, current, terminating }) => current && !ready && !terminating);
        const why = `${String(old.length)} of ${String(cluster.nodes.length)} pods have not restarted yet`;
        return { do: "wait", why: holdingUp.length === 0 ? why : `${why} (not Ready: ${listNames(holdingUp)})` };
    }
    const back = `${String(fleet.right.length)} pods use their former credentials again; none carries the role`;
    return (
        awaitFleet(fleet, cluster, memory, at) ??
        leavingStep(cluster.pods.filter(carries(target))) ??
        wakeMarkStep(cluster) ??
        othersStep(target, cluster) ??
        lateWebhookStep(cluster, memory, at, back) ?? { do: "done", why: back }
    );
}

/**
 * Whether the DaemonSet controller replaces the pods of an older template. It counts the pods of NotReady nodes as unavailable, and replaces no
 * other pod once maxUnavailable is used up: k8s.io/kubernetes pkg/controller/daemon/update.go, rollingUpdate.
 */
function goesOnByItself({ nodes, daemonSet }: ClusterSeen): boolean {
    const notReady = nodes.filter(({ ready }) => !ready).length;
    return daemonSet?.updateStrategy === "RollingUpdate" && notReady < daemonSet.maxUnavailable;
}

/** Only their owners restart the pods of another DaemonSet, which get no role any more by now. */
function othersStep(target: HandBackTarget, cluster: ClusterSeen): Step | undefined {
    const others = othersThatCarry(cluster, retiredRoles(target));
    return others.length === 0 ? undefined : { do: "refuse", refusal: refusals.carriedByOthers(others) };
}

/**
 * The webhook reads service accounts from its own cache (amazon-eks-pod-identity-webhook pkg/cache/cache.go). While the cache is
 * outdated, a new pod, for example on a node that joins, still gets the role that is about to be deleted.
 */
function lateWebhookStep(cluster: ClusterSeen, memory: Memory, at: number, back: string): Step | undefined {
    const since = memory.releasedAt ?? memory.startedAt;
    return mayHavePods(cluster) && at - since < LATE_WEBHOOK_MILLISECONDS
        ? {
              do: "wait",
              why: `${back}; watching for up to ${String(LATE_WEBHOOK_MILLISECONDS / 1000)} s for pods that still get the role from the webhook's cache`,
          }
        : undefined;
}

const LATE_WEBHOOK_MILLISECONDS = 20_000;

function readyNodes({ nodes }: Pick<ClusterSeen, "nodes">): NodeSeen[] {
    return nodes.filter(({ ready }) => ready);
}

/** The pods that are left are on nodes whose instance is being terminated, or that the DaemonSet no longer selects. They end without a restart. */
function leavingStep(pods: readonly PodSeen[]): Step | undefined {
    return pods.length === 0
        ? undefined
        : { do: "wait", why: `these pods carry the role until they leave with their nodes: ${listNames(pods)}` };
}

/** The pods on these nodes: a pod counts as right if it carries no role that is about to be deleted. */
function returningFleet(target: HandBackTarget, cluster: ClusterSeen, nodes: readonly NodeSeen[]): Fleet {
    const carriesOne = carries(target);
    return fleetOf(cluster, nodes, (pod) => !carriesOne(pod), false);
}

/**
 * Pods that returned to their former credentials, and do not work with them. As long as others work with the role, it does not matter what has
 * restarted them: a run that was killed, or the DaemonSet's rolling update.
 */
function failedStep(target: HandBackTarget, fleet: Fleet, world: World, memory: Memory): Step | undefined {
    const { canarySeconds } = target;
    const responding = new Set(readyNodes(world.cluster).map(({ name }) => name));
    const carriesOne = carries(target);
    const worksElsewhere = world.cluster.pods.some((pod) => pod.ready && carriesOne(pod));
    const late = fleet.starting.filter(
        (pod) =>
            canarySeconds !== undefined &&
            responding.has(pod.node) &&
            (worksElsewhere || memory.restarts[pod.node] !== undefined) &&
            pod.startProblem === undefined &&
            isLate(pod, canarySeconds, memory, world.at),
    );
    return late.length === 0
        ? undefined
        : { do: "refuse", refusal: refusals.formerCredentialsFail(late, describeNodes(late, world)) };
}

/**
 * One pod of each node role restarts first, and is seen to work. Undefined if there are such pods already, or if no pod has to restart.
 *
 * On a NotReady node, a pod that was deleted stays until the node is back. So the first pod is one on a Ready node if the role has any, and a role
 * that has NotReady nodes alone waits until no pod on a Ready node has to restart.
 */
function firstPodsStep(target: HandBackTarget, { cluster, account, at }: World, memory: Memory): Step | undefined {
    const roleOf = ({ instanceId }: NodeSeen) => account.roleOfInstance[instanceId ?? ""];
    const ready = readyNodes(cluster);
    const mayMove = returningFleet(target, cluster, ready).wrong.length > 0 ? ready : cluster.nodes;
    const steps = [...new Set(mayMove.map(roleOf))].map((role) => {
        const nodes = cluster.nodes.filter((node) => roleOf(node) === role);
        const responding = readyNodes({ nodes });
        const fleet = returningFleet(target, cluster, responding.length > 0 ? responding : nodes);
        return firstPodStep(fleet, cluster, memory, at);
    });
    return sideBySide(steps.filter((step) => step !== undefined));
}

function firstPodStep(fleet: Fleet, cluster: ClusterSeen, memory: Memory, at: number): Step | undefined {
    if (fleet.right.length > 0 || fleet.wrong.length === 0) {
        return undefined;
    }
    // The same pod restarts again if it got the role again: an outdated webhook would give it to the others, too.
    const tried = fleet.wrong.filter(({ node }) => memory.restarts[node] !== undefined);
    // One that is not Ready has nothing to lose. The others wait until it works.
    const broken = fleet.wrong.filter(({ ready }) => !ready);
    const first = {
        ...fleet,
        wrong: [tried, broken].find(({ length }) => length > 0) ?? fleet.wrong,
        budget: Math.max(fleet.budget, 1),
    };
    return (
        awaitFleet(fleet, cluster, memory, at) ??
        restartWrong(first, memory, at, (pod) => `${pod.name} restarts first`, 1)
    );
}

/** How many pods carry a role that is about to be deleted. */
export function carriersLeft(target: HandBackTarget, look: World): number {
    const { cluster } = withoutTerminated(look);
    return cluster.pods.filter(carries(target)).length;
}

/**
 * After pods did not work with their former credentials: the service account gets the role's annotation again, and these pods restart with the
 * role, which the others work with.
 */
export function nextReturnStep(target: HandBackTarget, { cluster, at }: World, memory: Memory): Step {
    const { subject } = target;
    if (cluster.serviceAccount !== undefined && !isAnnotated(subject, cluster)) {
        return {
            do: "annotate",
            annotations: subject.annotations,
            why: "giving the service account the role's annotation again",
        };
    }
    const isRight = (pod: PodSeen) => pod.ready || carriesRole(pod, subject);
    const fleet = fleetOf(cluster, withoutJoining(readyNodes(cluster), cluster, memory, isRight), isRight, false);
    return (
        restartWrong(fleet, memory, at, (pod) => `${pod.name} returns to the role`) ??
        awaitFleet(fleet, cluster, memory, at) ?? { do: "done", why: "these pods carry the role again" }
    );
}

/** The roles that no pod may carry in the end: every role that was ever approved, except the one that is restored. */
function retiredRoles({ record, formerAnnotations }: HandBackTarget): string[] {
    return record.approvedRoleArns.filter((arn) => arn !== formerAnnotations[ROLE_ARN_ANNOTATION]);
}

function carries(target: HandBackTarget): (pod: PodSeen) => boolean {
    const roles = retiredRoles(target);
    return (pod) => carriesAnyOf(pod, roles);
}

/** A pod that restarts on a node whose role lacks the CNI's permissions would have no path. */
function unsafeNodeRolesStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { record, subject } = target;
    const { account } = world;
    const { nodes } = returningNodes(target, world, memory);
    // The next pods of nodes that the hand-back does not wait for use their roles, too.
    const insufficient = rolesOf(withoutLeaving(world).cluster.nodes, account).filter(
        (role) => !suffices(role, record, memory),
    );
    return (
        unknownRoleStep(nodes, account) ??
        (insufficient.length === 0
            ? undefined
            : { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions(insufficient, subject) })
    );
}

/**
 * The recorded policies count as sufficient: the pods used their permissions before, even if the current plugin needs more. Any other
 * policy counts by its content, and so does each recorded one if another no longer exists.
 */
function suffices(role: NodeRoleSeen, { nodeRolePolicies }: HandOverRecord, { gone }: Memory): boolean {
    const isComplete = !gone.some(({ roleName }) => roleName === role.name);
    return holdsPermissions(role, isComplete ? (nodeRolePolicies[role.name] ?? []) : []);
}

/** Whether the component's patch still owns fields of the service account. */
function isOwnedByComponent(
    { fieldManager }: Subject,
    { annotations, roleArnOwners }: NonNullable<ClusterSeen["serviceAccount"]>,
) {
    return roleArnOwners.includes(fieldManager) || annotations[PATCH_FIELD_MANAGER_ANNOTATION] === fieldManager;
}
