import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
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

/** What the canary is to show: that a pod with the CNI role works on a node of each node role. */
export interface CanaryTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** Of the service account that the component's patch annotated. */
    readonly serviceAccountUid: string | undefined;
    readonly stableSeconds: number;
}

/** Nodes without a known role are a group of their own. */
const UNKNOWN_ROLE = "";

/**
 * The annotation, where it is missing; then one pod of each node role after another. A pod that carries the role already
 * counts, wherever it came from, so a canary that was killed, or a role that eksctl brought, restarts nothing.
 */
export function nextCanaryStep(target: CanaryTarget, world: World, memory: Memory): Step {
    const { cluster } = world;
    const refusal = brokenPrecondition(target, cluster);
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

function brokenPrecondition(
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

/** Undefined when the group has shown what it is to show. */
function groupStep(
    { subject, record, stableSeconds }: CanaryTarget,
    { cluster, at }: World,
    memory: Memory,
    nodes: readonly NodeSeen[],
    role: string,
): Step | undefined {
    const fleet = fleetOf(cluster, nodes, (pod) => carriesRole(pod, subject), false);
    const carrying = [...fleet.right, ...fleet.starting];
    const complaining = carrying.find(({ missingPermissions }) => missingPermissions !== undefined);
    if (complaining !== undefined) {
        return { do: "refuse", refusal: refusals.podMissesPermissions(complaining, subject.roleArn) };
    }
    const proven = fleet.right.filter((pod) => untilStable([pod], stableSeconds, at) === 0);
    if (proven.length > 0) {
        return undefined;
    }
    const [canary] = carrying;
    if (canary !== undefined) {
        return {
            do: "wait",
            why: `canary on ${canary.node}: ${canary.ready ? `Ready, watching it ${String(stableSeconds)} s` : "not Ready yet"}`,
        };
    }
    // A node without a pod is where the canary will be, whoever deleted the one before it: a run that was killed, for instance.
    const awaited = fleet.empty.filter(({ name, ready }) => ready || memory.restarts[name] !== undefined);
    if (awaited.length > 0) {
        return (
            wakeStep(fleet.empty, cluster, memory, at) ?? {
                do: "wait",
                why: `canary on ${listNames(awaited)}: its new pod does not exist yet`,
            }
        );
    }
    return (
        chooseCanary(record, fleet, nodes, role, memory, at) ?? {
            do: "wait",
            why: `no node${ofRole(role)} has a pod that could be the canary`,
        }
    );
}

/** Undefined when there is none. */
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
    // One that was tried before is tried again, since a webhook that was late is the common case; so is one that a former run
    // has left with a role that does not work, which has nothing to lose.
    const again = candidates.filter(
        (pod) => memory.restarts[pod.node] !== undefined || (!pod.ready && carriesAnyOf(pod, record.approvedRoleArns)),
    );
    const [first = candidates[0]] = candidates.filter(({ ready }) => ready);
    const wrong = again.length > 0 ? again : candidates.filter((pod) => pod === first);
    return restartWrong({ ...fleet, wrong, budget: Math.max(fleet.budget, 1) }, memory, at, (pod) =>
        again.length > 0
            ? `canary on ${pod.node}${ofRole(role)}: ${describeCredentials(pod)}`
            : `canary on ${pod.node}${ofRole(role)}: restarts first, with the role`,
    );
}

function ofRole(role: string): string {
    return role === UNKNOWN_ROLE ? "" : ` of ${role}`;
}

/** In the order of their listNames, so that every run chooses the same. */
function nodesByRole({ cluster, account }: World): Map<string, NodeSeen[]> {
    const groups = new Map<string, NodeSeen[]>();
    for (const node of [...cluster.nodes].sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const role = account.roleOfInstance[node.instanceId ?? ""] ?? UNKNOWN_ROLE;
        groups.set(role, [...(groups.get(role) ?? []), node]);
    }
    return groups;
}

/** What the service account goes back to when the canary fails. */
export interface RevertTarget {
    readonly subject: Subject;
    /** What it carried before this role was approved. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
}

/** Everything as before: the annotation at its former value, and each pod that was born with the new one back on the old path. */
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
    const isBack = (pod: PodSeen) => formerRole === subject.roleArn || !carriesAnyOf(pod, [subject.roleArn]);
    const fleet = fleetOf(cluster, ready, isBack, false);
    const touched = new Set(Object.keys(memory.restarts));
    return (
        restartWrong(fleet, memory, at, (pod) => `${pod.name} returns to its former credentials`) ??
        // What is wrong now is on nodes that are NotReady.
        forceRestartWrong(fleetOf(cluster, cluster.nodes, isBack, false).wrong, memory, at, whyForced) ??
        wakeStep(fleet.empty, cluster, memory, at) ??
        waitFor([...fleet.starting.filter(({ node }) => touched.has(node)), ...fleet.leaving, ...fleet.empty]) ?? {
            do: "done",
            why: "everything is as before",
        }
    );
}

function waitFor(pending: readonly { readonly name: string }[]): Step | undefined {
    return pending.length === 0 ? undefined : { do: "wait", why: `not reverted yet: ${listNames(pending)}` };
}
