import { ROLE_ARN_ANNOTATION, STS_REGIONAL_ENDPOINTS_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf } from "../model/carriedRole";
import { listNames } from "../model/listNames";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { PodSeen, World } from "../model/world";
import { guardRefuses } from "./admittedRoles";
import { otherOwners } from "./annotateAgain";
import { complains } from "./complaints";
import { fleetOf, forceRestartWrong, restartWrong, untilStable, wakeStep, whyForced } from "./fleet";
import { readyNodes } from "./returningNodes";
import { withoutJoining } from "./seen";

/** The state to restore if the rollout fails. */
export interface TakeBackTarget {
    readonly subject: Subject;
    /** The service account's annotations from before this role was approved. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
    readonly stableSeconds: number;
    /** When the role was proved after a pod had complained. */
    readonly provedAt?: number;
    /** Whether an injection guard that refuses the former annotations goes first: no policy has left the node roles. */
    readonly removesGuard?: boolean;
}

/**
 * Restores the former annotation, and restarts each pod that carries the role and was not seen to work with it. The others have a path, and
 * stay as they are.
 *
 * An annotation that another owner has written meanwhile stays. The next pods get that owner's role, so only pods that do not work restart. None
 * does if the injection guard refuses that role: its node would be left without a pod. A node that has none already is not waited for then, unless
 * the other owner is the one that is to deliver the role: the message of the refusal says what to do about the annotation.
 */
export function nextTakeBackStep(target: TakeBackTarget, world: World, memory: Memory): Step {
    const { cluster, at } = world;
    const { subject, formerAnnotations } = target;
    const live = cluster.serviceAccount?.annotations ?? {};
    const differs = Object.keys({ ...subject.annotations, ...formerAnnotations }).some(
        (name) => live[name] !== formerAnnotations[name],
    );
    const isOthers = subject.delivery === "external" || otherOwners(subject, cluster).length > 0;
    if (target.removesGuard === true && !isOthers && guardRefuses(cluster, formerAnnotations)) {
        return {
            do: "removeInjectionGuard",
            why: "removing the injection guard, which refuses pods with the former annotation: the node roles hold their policies",
        };
    }
    if (cluster.serviceAccount !== undefined && differs && !isOthers) {
        return { do: "annotate", annotations: formerAnnotations, why: "reverting the annotation" };
    }
    const isRefused = isOthers && guardRefuses(cluster, live);
    const isBack = (pod: PodSeen) => isRefused || (isOthers && pod.ready) || isTakenBack(target, pod, world);
    const ready = withoutJoining(readyNodes(cluster), cluster, memory, isBack);
    const fleet = fleetOf(cluster, ready, isBack, false);
    const touched = new Set(Object.keys(memory.restarts));
    const isAwaited = [...fleet.starting, ...fleet.terminating].some(
        ({ node, startProblem }) => touched.has(node) && startProblem === undefined,
    );
    const areOthersFirst =
        isAwaited ||
        fleet.nodesWithoutPod.length > 0 ||
        fleet.wrong.some((pod) => !pod.ready || isWatched(target, pod, world));
    // Pods that are broken for another reason may use up maxUnavailable for good. A pod that is Ready and complains does not wait for them. One
    // that is still watched does: it need not restart, if it stays as it is.
    const budget = areOthersFirst ? fleet.budget : Math.max(fleet.budget, 1);
    const awaitsNodes = !isRefused || subject.delivery === "external";
    const { nodesWithoutPod } = fleet;
    const awaitedNodes = awaitsNodes ? nodesWithoutPod : [];
    return (
        restartWrong({ ...fleet, budget }, memory, at, (pod) => `${pod.name} returns to its former credentials`) ??
        // The remaining wrong pods are on NotReady nodes.
        forceRestartWrong(fleetOf(cluster, cluster.nodes, isBack, false).wrong, memory, at, whyForced) ??
        wakeStep(awaitedNodes, cluster, memory, at) ??
        untilReverted([
            // A pod that does not start for another reason would not end the wait.
            ...fleet.starting.filter(({ node, startProblem }) => touched.has(node) && startProblem === undefined),
            ...fleet.terminating,
            ...awaitedNodes,
        ]) ?? {
            do: "done",
            why:
                nodesWithoutPod.length > awaitedNodes.length
                    ? `the injection guard refuses new pods with that annotation: ${listNames(nodesWithoutPod)} without a pod`
                    : "the rollout is taken back",
        }
    );
}

function isTakenBack(target: TakeBackTarget, pod: PodSeen, world: World): boolean {
    const { subject, formerAnnotations, stableSeconds } = target;
    if (formerAnnotations[ROLE_ARN_ANNOTATION] === subject.roleArn) {
        return carriesAsBefore(pod, subject.annotations, formerAnnotations);
    }
    const works = seemsToWork(target, pod) && untilStable([pod], stableSeconds, world) === 0;
    return works || !carriesAnyOf(pod, [subject.roleArn]);
}

/** Whether a pod seems to work with the role, and has not been Ready for long enough yet. */
function isWatched(target: TakeBackTarget, pod: PodSeen, world: World): boolean {
    return seemsToWork(target, pod) && untilStable([pod], target.stableSeconds, world) > 0;
}

/** A pod that carries the role in part may work with its node's. */
function seemsToWork(target: TakeBackTarget, pod: PodSeen): boolean {
    return pod.credentials.kind === "webIdentity" && pod.ready && !complains(pod, target);
}

/** Whether a pod uses STS as the former annotations of the same role ask for. */
function carriesAsBefore(
    { credentials }: PodSeen,
    { [STS_REGIONAL_ENDPOINTS_ANNOTATION]: now }: Readonly<Record<string, string>>,
    { [STS_REGIONAL_ENDPOINTS_ANNOTATION]: before }: Readonly<Record<string, string>>,
): boolean {
    const isRegional = credentials.kind === "webIdentity" && credentials.regionalSts === "regional";
    return before === now || isRegional === (before === "true");
}

/** Undefined if none is left. */
export function untilReverted(pending: readonly { readonly name: string }[]): Step | undefined {
    return pending.length === 0 ? undefined : { do: "wait", why: `not reverted yet: ${listNames(pending)}` };
}
