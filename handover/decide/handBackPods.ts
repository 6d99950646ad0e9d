import { ROLE_ARN_ANNOTATION, ROLLOUT_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf, describeCredentials, othersThatCarry } from "../model/carriedRole";
import { countOf } from "../model/countOf";
import { listNames } from "../model/listNames";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { ClusterSeen, NodeSeen, PodSeen, World } from "../model/world";
import { awaitFleet, Fleet, forceRestartWrong, isLate, restartWrong, wakeMarkStep, whyForced } from "./fleet";
import { deleteAssociationStep } from "./handBackAssociation";
import { carries, type HandBackTarget, retiredRoles } from "./handBackTarget";
import { describeNodes } from "./places";
import { mayHavePods, readyNodes, returningFleet, returningNodes } from "./returningNodes";
import { sideBySide } from "./sideBySide";
import { unjoinedInstances } from "./unjoined";

/** The pods: one of each node role restarts first, then the others in waves. */
export function podsStep(target: HandBackTarget, world: World, memory: Memory): Step {
    const { cluster, at } = world;
    const { daemonSet } = cluster;
    if (daemonSet === undefined) {
        const none = "there is no DaemonSet, so no pod carries the role";
        return othersStep(target, world) ?? lateWebhookStep(world, memory, none) ?? { do: "done", why: none };
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
        const why = `${String(old.length)} of ${countOf(cluster.nodes.length, "pod", "pods")} ${old.length === 1 ? "has" : "have"} not restarted yet`;
        return { do: "wait", why: holdingUp.length === 0 ? why : `${why} (not Ready: ${listNames(holdingUp)})` };
    }
    const back = `${countOf(fleet.right.length, "pod uses its", "pods use their")} former credentials again; none carries the role`;
    return (
        awaitFleet(fleet, cluster, memory, at) ??
        leavingStep(cluster.pods.filter(carries(target))) ??
        wakeMarkStep(cluster) ??
        othersStep(target, world) ??
        lateWebhookStep(world, memory, back) ?? { do: "done", why: back }
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

/**
 * Only their owners restart the pods of another DaemonSet. These get no role any more by now, unless the component's association still exists: it
 * goes after this.
 */
function othersStep(target: HandBackTarget, world: World): Step | undefined {
    const others = othersThatCarry(world.cluster, retiredRoles(target));
    if (others.length === 0) {
        return undefined;
    }
    const isAssociated = deleteAssociationStep(target, world) !== undefined;
    return {
        do: "refuse",
        refusal: isAssociated ? refusals.associatedOthers(others) : refusals.carriedByOthers(others),
    };
}

/**
 * The webhook reads service accounts from its own cache (amazon-eks-pod-identity-webhook pkg/cache/cache.go). While the cache is
 * outdated, a new pod, for example on a node that joins, still gets the role that is about to be deleted.
 */
export function lateWebhookStep({ cluster, account, at }: World, memory: Memory, back: string): Step | undefined {
    const since = memory.releasedAt ?? memory.startedAt;
    const mayGetPods = mayHavePods(cluster) || unjoinedInstances(account.nodeRoles, cluster).length > 0;
    return mayGetPods && at - since < LATE_WEBHOOK_MILLISECONDS
        ? {
              do: "wait",
              why: `${back}; watching for up to ${String(LATE_WEBHOOK_MILLISECONDS / 1000)} s for pods that still get the role from the webhook's cache`,
          }
        : undefined;
}

const LATE_WEBHOOK_MILLISECONDS = 20_000;

/** The pods that are left are on nodes whose instance is being terminated, or that the DaemonSet no longer selects. They end without a restart. */
function leavingStep(pods: readonly PodSeen[]): Step | undefined {
    return pods.length === 0
        ? undefined
        : { do: "wait", why: `these pods carry the role until they leave with their nodes: ${listNames(pods)}` };
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
        : {
              do: "refuse",
              refusal:
                  // After a move from Pod Identity to the annotation, the pods return to that one.
                  target.subject.delivery === "podIdentity" || world.cluster.daemonSet?.skipsContainers
                      ? refusals.nodeRolesFail(late, describeNodes(late, world))
                      : refusals.formerCredentialsFail(late, describeNodes(late, world), formerRoleOf(target, late)),
          };
}

function formerRoleOf({ formerAnnotations }: HandBackTarget, pods: readonly PodSeen[]): string | undefined {
    const roleArn = formerAnnotations[ROLE_ARN_ANNOTATION];
    return roleArn !== undefined && pods.some((pod) => carriesAnyOf(pod, [roleArn])) ? roleArn : undefined;
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
    // One that is not Ready has nothing to lose. The others wait until it works, also those that were tried.
    const isBroken = ({ ready }: PodSeen) => !ready;
    const [wrong = fleet.wrong] = [tried.filter(isBroken), tried, fleet.wrong.filter(isBroken)].filter(
        ({ length }) => length > 0,
    );
    const first = { ...fleet, wrong, budget: Math.max(fleet.budget, 1) };
    return (
        awaitFleet(fleet, cluster, memory, at) ??
        restartWrong(first, memory, at, (pod) => `${pod.name} restarts first`, 1)
    );
}
