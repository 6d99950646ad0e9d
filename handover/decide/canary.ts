import { ROLE_ARN_ANNOTATION, STS_REGIONAL_ENDPOINTS_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf, carriesRole, describeCredentials } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import { listNames } from "../model/listNames";
import type { HandOverRecord } from "../model/record";
import { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen, NodeSeen, PodSeen, World } from "../model/world";
import { Fleet, fleetOf, forceRestartWrong, restartWrong, untilStable, wakeStep, whyForced } from "./fleet";
import { isUrgent } from "./withoutPath";

/** The goal of the canary: a pod with the CNI role works on a node of each node role. */
export interface CanaryTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** The UID of the service account that the component's patch annotated. */
    readonly serviceAccountUid: string | undefined;
    readonly stableSeconds: number;
}

/** Nodes whose role is unknown are a group of their own. */
const UNKNOWN_ROLE = "";

/**
 * Annotates the service account if needed, then restarts one pod of each node role, one after another.
 *
 * A pod that already carries the role counts, whatever restarted it. So nothing restarts after a killed canary, or if eksctl has
 * delivered the role.
 */
export function nextCanaryStep(target: CanaryTarget, world: World, memory: Memory): Step {
    const { cluster } = world;
    const refusal = failedPrecondition(target, cluster);
    if (refusal !== undefined) {
        return { do: "refuse", refusal };
    }
    if (!isAnnotated(target.subject, cluster)) {
        return { do: "annotate", annotations: target.subject.annotations, why: "annotating the service account again" };
    }
    for (const [role, nodes] of nodesByRole(world)) {
        const step = groupStep(target, world, memory, nodes, role);
        if (step !== undefined) {
            return step;
        }
    }
    const groups = nodesByRole(world).size;
    return groups === 0
        ? { do: "done", why: "nothing to test: the cluster has no nodes" }
        : {
              do: "done",
              why: `a pod with the role works on a node of ${groups === 1 ? "the node role" : `each of ${String(groups)} node roles`}`,
          };
}

function failedPrecondition(
    { subject, record, serviceAccountUid }: CanaryTarget,
    cluster: ClusterSeen,
): Refusal | undefined {
    if (cluster.uid !== record.clusterUid) {
        return refusals.clusterChanged(record.clusterUid, cluster.uid);
    }
    if (cluster.serviceAccount === undefined) {
        return refusals.serviceAccountMissing(subject);
    }
    if (serviceAccountUid !== undefined && cluster.serviceAccount.uid !== serviceAccountUid) {
        return refusals.anotherCluster(subject);
    }
    return cluster.daemonSet === undefined ? refusals.daemonSetMissing(subject) : undefined;
}

/** Undefined when the group has a pod that works with the role. */
function groupStep(
    { subject, record, stableSeconds }: CanaryTarget,
    world: World,
    memory: Memory,
    nodes: readonly NodeSeen[],
    role: string,
): Step | undefined {
    const { cluster, at } = world;
    const fleet = fleetOf(cluster, nodes, (pod) => carriesRole(pod, subject), false);
    const carrying = [...fleet.right, ...fleet.starting];
    const complaining = carrying.find(({ missingPermissions }) => missingPermissions !== undefined);
    if (complaining !== undefined) {
        return { do: "refuse", refusal: refusals.podMissesPermissions(complaining, subject.roleArn) };
    }
    const watchedSeconds = isUrgent(world, role) ? 0 : stableSeconds;
    const proven = fleet.right.filter((pod) => untilStable([pod], watchedSeconds, at) === 0);
    if (proven.length > 0) {
        return undefined;
    }
    const [canary] = carrying;
    if (canary !== undefined) {
        return {
            do: "wait",
            why: `canary ${canary.name} on ${canary.node}: ${canary.ready ? `Ready, watching it for ${String(watchedSeconds)} s` : notReady(canary)}`,
        };
    }
    // The next pod of a node without one is the canary, even if it was an earlier, killed run that deleted its predecessor.
    const awaited = fleet.nodesWithoutPod.filter(({ name, ready }) => ready || memory.restarts[name] !== undefined);
    if (awaited.length > 0) {
        return (
            wakeStep(fleet.nodesWithoutPod, cluster, memory, at) ?? {
                do: "wait",
                why: `canary on ${listNames(awaited)}: no new pod yet`,
            }
        );
    }
    return (
        chooseCanary(record, fleet, nodes, role, memory, at) ?? {
            do: "wait",
            why: `no canary${ofRole(role)} yet, because these nodes are NotReady and have no pod: ${listNames(nodes)}`,
        }
    );
}

/** A start of the plugin that fails ends in a restart about 90 seconds later, by the liveness probe. */
function notReady({ restarts }: PodSeen): string {
    const times = restarts === 1 ? "once" : `${String(restarts)} times`;
    return restarts === 0 ? "not Ready yet" : `not Ready yet, its containers were restarted ${times}`;
}

/** Undefined when no pod can be the canary. */
function chooseCanary(
    record: HandOverRecord,
    fleet: Fleet,
    nodes: readonly NodeSeen[],
    role: string,
    memory: Memory,
    at: number,
): Step | undefined {
    const onReadyNode = fleet.wrong.filter(({ node }) => nodes.some(({ name, ready }) => ready && name === node));
    const candidates = onReadyNode.length > 0 ? onReadyNode : fleet.wrong;
    // Prefer a pod that was restarted before, since a late webhook is the common case, and a pod that an earlier run left with a
    // role that does not work, which has nothing to lose.
    const tried = candidates.filter(
        (pod) => memory.restarts[pod.node] !== undefined || (!pod.ready && carriesAnyOf(pod, record.approvedRoleArns)),
    );
    // One that does not work is the canary already: another one, which works again, waits until it does.
    const broken = tried.filter(({ ready }) => !ready);
    const [first = candidates[0]] = candidates.filter(({ ready }) => ready);
    const wrong = [broken, tried].find(({ length }) => length > 0) ?? candidates.filter((pod) => pod === first);
    return restartWrong({ ...fleet, wrong, budget: Math.max(fleet.budget, 1) }, memory, at, (pod) =>
        tried.length > 0
            ? `canary on ${pod.node}${ofRole(role)}: ${describeCredentials(pod)}`
            : `canary ${pod.name} on ${pod.node}${ofRole(role)}: restarts first, with the role`,
    );
}

function ofRole(role: string): string {
    return role === UNKNOWN_ROLE ? "" : ` of ${role}`;
}

/** Sorted by node name, so that every run chooses the same canary. */
function nodesByRole({ cluster, account }: World): Map<string, NodeSeen[]> {
    const groups = new Map<string, NodeSeen[]>();
    for (const node of [...cluster.nodes].sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const role = account.roleOfInstance[node.instanceId ?? ""] ?? UNKNOWN_ROLE;
        groups.set(role, [...(groups.get(role) ?? []), node]);
    }
    return groups;
}

/** The state to restore if the canary fails. */
export interface RevertTarget {
    readonly subject: Subject;
    /** The service account's annotations from before this role was approved. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
}

/** Restores the former annotation, and restarts each pod that was created with the new one. */
export function nextRevertStep(
    { subject, formerAnnotations }: RevertTarget,
    { cluster, at }: World,
    memory: Memory,
): Step {
    const live = cluster.serviceAccount?.annotations ?? {};
    const differs = Object.keys({ ...subject.annotations, ...formerAnnotations }).some(
        (name) => live[name] !== formerAnnotations[name],
    );
    if (cluster.serviceAccount !== undefined && differs) {
        return { do: "annotate", annotations: formerAnnotations, why: "reverting the annotation" };
    }
    const ready = cluster.nodes.filter((node) => node.ready);
    const formerRole = formerAnnotations[ROLE_ARN_ANNOTATION];
    const isReverted = (pod: PodSeen) =>
        formerRole === subject.roleArn
            ? carriesAsBefore(pod, subject.annotations, formerAnnotations)
            : !carriesAnyOf(pod, [subject.roleArn]);
    const fleet = fleetOf(cluster, ready, isReverted, false);
    const touched = new Set(Object.keys(memory.restarts));
    return (
        restartWrong(fleet, memory, at, (pod) => `${pod.name} returns to its former credentials`) ??
        // The remaining wrong pods are on NotReady nodes.
        forceRestartWrong(fleetOf(cluster, cluster.nodes, isReverted, false).wrong, memory, at, whyForced) ??
        wakeStep(fleet.nodesWithoutPod, cluster, memory, at) ??
        waitFor([
            ...fleet.starting.filter(({ node }) => touched.has(node)),
            ...fleet.terminating,
            ...fleet.nodesWithoutPod,
        ]) ?? {
            do: "done",
            why: "everything is as before",
        }
    );
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

function waitFor(pending: readonly { readonly name: string }[]): Step | undefined {
    return pending.length === 0 ? undefined : { do: "wait", why: `not reverted yet: ${listNames(pending)}` };
}
