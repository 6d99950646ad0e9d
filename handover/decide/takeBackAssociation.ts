import { type AssociationSeen, ASSOCIATION_MARGIN_MILLISECONDS } from "../model/association";
import { listNames } from "../model/listNames";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { PodSeen, World } from "../model/world";
import { guardRefuses } from "./admittedRoles";
import { hasContainerCredentials } from "./association";
import { type HandBackTarget, nextLeavingStep } from "./handBack";
import { removeGuardStep } from "./leavePodIdentity";
import { insufficientNodeRoles } from "./insufficientNodeRoles";
import { type Fleet, fleetOf, forceRestartWrong, restartWrong, wakeStep, whyForced } from "./fleet";
import { placesWithout } from "./places";
import { readyNodes } from "./returningNodes";
import { withoutJoining } from "./seen";
import { untilReverted } from "./takeBack";

/** The state to restore if a rollout with an association fails: the pods have the former role of the association again, or use the node roles. */
export interface AssociationTakeBack extends HandBackTarget {
    /** Undefined if there is none. */
    readonly association: OwnAssociation | undefined;
    /** The role that it gets back. Undefined if the rollout has created it, or if the pods cannot use the former role: then it is deleted. */
    readonly formerRoleArn?: string | undefined;
    /** As the run has seen it last, for the places of the nodes. Missing: it has not. */
    readonly account?: World["account"] | undefined;
    /** Whether an injection guard that refuses pods on the node roles goes first: no policy has left them. */
    readonly removesGuard?: boolean;
}

/** As the run has seen it last. */
export type OwnAssociation = Pick<AssociationSeen, "id" | "roleArn" | "modifiedAt"> & { readonly clusterName: string };

/** Gives the association its former role back. Without one, deletes it. */
export function nextAssociationTakeBackStep(target: AssociationTakeBack, world: World, memory: Memory): Step {
    const { association, formerRoleArn } = target;
    return association === undefined || formerRoleArn === undefined
        ? nextDeletionStep(target, world, memory)
        : nextFormerRoleStep(target, association, formerRoleArn, world, memory);
}

/** How much is left to do: it gets less with each pod that returns. Once the association is deleted, the pods may restart once more. */
export function podsToReturn(
    { association, formerRoleArn }: AssociationTakeBack,
    world: World,
    memory: Memory,
): number {
    const { nodes, pods } = world.cluster;
    if (association !== undefined && formerRoleArn !== undefined) {
        return pods.filter((pod) => !isBackSince(knownFrom(association, memory))(pod)).length;
    }
    const old = pods.filter(({ current }) => !current).length;
    return memory.associationChangedAt === undefined ? nodes.length + pods.filter(hasContainerCredentials).length : old;
}

/**
 * Then restarts each pod that was created before EKS Auth knows the former role again, also one that works: it may have fetched a session of the role
 * that failed, and a pod does not show its role. Those sessions end at a time that is not documented.
 *
 * The pods that do not work, and those that were created with the role that failed, come first, and then one in each place. If the former role does not
 * help them, the others stay.
 */
function nextFormerRoleStep(
    { account = UNSEEN }: Pick<AssociationTakeBack, "account">,
    association: OwnAssociation,
    formerRoleArn: string,
    { cluster, at }: World,
    memory: Memory,
): Step {
    const { id: associationId, clusterName, roleArn, modifiedAt } = association;
    const hasIt = roleArn === formerRoleArn;
    if (memory.associationChangedAt === undefined && !hasIt) {
        return {
            do: "changeAssociation",
            clusterName,
            associationId,
            roleArn: formerRoleArn,
            why: `giving the Pod Identity association its former role again: ${formerRoleArn}`,
        };
    }
    const { associationChangedAt = modifiedAt } = memory;
    const from = knownFrom(association, memory);
    const isFirst = (pod: PodSeen) => !hasIt && pod.createdAt >= modifiedAt;
    /** One that does not work has nothing to lose, and most often gets the former role already. Once more, it waits. */
    const mayNotWait = (pod: PodSeen) => !pod.ready && pod.createdAt < associationChangedAt;
    const toRestart = (fleet: Fleet) => [
        ...fleet.wrong.filter(({ ready }) => !ready),
        ...workingPods(fleet, fleet.wrong.filter(isFirst), { cluster, at, account }),
    ];
    return restartStep({ cluster, at }, memory, {
        isBack: isBackSince(from),
        why: (pod) => `${pod.name} gets the former role again`,
        held: (fleet) => without(fleet.wrong, at < from ? fleet.wrong.filter(mayNotWait) : toRestart(fleet)),
        ...(at < from
            ? { until: from, whyHeld: "waiting until EKS Auth gives the former role again, before these pods restart" }
            : { whyHeld: "waiting until the first pods work with the former role, before these restart" }),
    });
}

/** No place, if the run has not seen the account. */
const UNSEEN: World["account"] = { roleOfInstance: {}, nodeRoles: [] };

/**
 * The pods that work, and may restart now: in each place where no pod has the role again, one that was created with the role that failed, then one of any
 * age, and then all.
 */
function workingPods({ right, wrong, starting }: Fleet, first: readonly PodSeen[], world: World): readonly PodSeen[] {
    const inTest = [...starting, ...wrong.filter(({ ready }) => !ready)];
    const untested = placesWithout([...right.filter(hasContainerCredentials), ...inTest], world);
    const oneInEach = (pods: readonly PodSeen[]) =>
        untested.flatMap(
            ({ nodes }) => pods.find(({ ready, node }) => ready && nodes.some(({ name }) => name === node)) ?? [],
        );
    const [ofFirst, ofAny] = [oneInEach(first), oneInEach(wrong)];
    if (ofFirst.length > 0 || inTest.length > 0) {
        return ofFirst;
    }
    return ofAny.length > 0 ? ofAny : wrong;
}

function without(pods: readonly PodSeen[], others: readonly PodSeen[]): readonly PodSeen[] {
    return pods.filter((pod) => !others.includes(pod));
}

/** When new pods have the association's role, as far as the margin says. */
function knownFrom({ modifiedAt }: OwnAssociation, { associationChangedAt = modifiedAt }: Memory): number {
    return associationChangedAt + ASSOCIATION_MARGIN_MILLISECONDS;
}

const isBackSince = (from: number) => (pod: PodSeen) => hasNone(pod) || pod.createdAt >= from;

const hasNone = (pod: PodSeen) => !hasContainerCredentials(pod);

/**
 * If no pod works with the association, it is deleted, and the pods that have its credentials restart: they have no path that they could lose. The others
 * were never moved, and stay as they are. The pod template stays, since a changed one would restart every pod.
 *
 * If a pod works with it, the association is deleted only when no pod needs it any more: the pods leave it over the pod template, as in a hand-back. A
 * guard that refuses pods without a role is removed first.
 */
function nextDeletionStep(target: AssociationTakeBack, world: World, memory: Memory): Step {
    const { cluster, at } = world;
    const { associationChangedAt: deletedAt } = memory;
    const left = deletedAt === undefined ? target.association : undefined;
    if (cluster.daemonSet?.skipsContainers || (left !== undefined && cluster.pods.some(worksWithAssociation))) {
        return (
            noNodeRoleStep(target, world, memory) ??
            removeGuardStep(world) ??
            nextLeavingStep(target, withAssociation(world, left), memory)
        );
    }
    if (target.removesGuard === true && guardRefuses(cluster, cluster.serviceAccount?.annotations ?? {})) {
        return {
            do: "removeInjectionGuard",
            why: "removing the injection guard, which refuses pods on the node roles: these hold their policies",
        };
    }
    if (left !== undefined) {
        const { clusterName, id: associationId } = left;
        return { do: "deleteAssociation", clusterName, associationId, why: "deleting the Pod Identity association" };
    }
    const forgottenAt = (deletedAt ?? memory.startedAt) + ASSOCIATION_MARGIN_MILLISECONDS;
    return restartStep({ cluster, at }, memory, {
        isBack: hasNone,
        why: (pod) => `${pod.name} returns to its node's role`,
        held: ({ wrong }) => (at >= forgottenAt ? [] : wrong.filter(({ ready }) => ready)),
        whyHeld: "waiting until the webhook forgets the association, before these pods restart",
        until: forgottenAt,
    });
}

/** No pod may go over a node role that lacks the permissions. As far as the run has seen the account: the take-back does not look at it. */
function noNodeRoleStep(
    { record, subject, account = UNSEEN }: AssociationTakeBack,
    world: World,
    memory: Memory,
): Step | undefined {
    const insufficient = insufficientNodeRoles(record, { ...world, account }, memory);
    return insufficient.length > 0
        ? { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions(insufficient, subject) }
        : undefined;
}

function worksWithAssociation(pod: PodSeen): boolean {
    return pod.ready && !pod.terminating && hasContainerCredentials(pod);
}

/** The take-back does not look at the account: its credentials may be the cause of the failure. */
function withAssociation(world: World, association: OwnAssociation | undefined): World {
    const { clusterName = "", ...seen } = association ?? {};
    const associations = {
        is: "seen" as const,
        clusterName,
        associations: association === undefined ? [] : [seen as AssociationSeen],
    };
    return { ...world, account: { ...world.account, associations } };
}

interface Returning {
    readonly isBack: (pod: PodSeen) => boolean;
    readonly why: (pod: PodSeen) => string;
    /** The pods that may not restart yet. */
    readonly held: (fleet: Fleet) => readonly PodSeen[];
    readonly whyHeld: string;
    /** When they may. Missing: as soon as others are Ready. */
    readonly until?: number;
}

function restartStep(
    { cluster, at }: Pick<World, "cluster" | "at">,
    memory: Memory,
    { isBack, why, held, whyHeld, until }: Returning,
): Step {
    const ready = withoutJoining(readyNodes(cluster), cluster, memory, isBack);
    const fleet = fleetOf(cluster, ready, isBack, false);
    const touched = new Set(Object.keys(memory.restarts));
    // A pod that does not start for another reason would not end the wait.
    const starting = fleet.starting.filter(({ node, startProblem }) => touched.has(node) && startProblem === undefined);
    const waiting = held({ ...fleet, starting });
    return (
        restartWrong({ ...fleet, wrong: fleet.wrong.filter((pod) => !waiting.includes(pod)) }, memory, at, why) ??
        (waiting.length > 0
            ? { do: "wait", ...(until === undefined ? {} : { until }), why: `${whyHeld}: ${listNames(waiting)}` }
            : undefined) ??
        // The remaining wrong pods are on NotReady nodes.
        forceRestartWrong(fleetOf(cluster, cluster.nodes, isBack, false).wrong, memory, at, whyForced) ??
        wakeStep(fleet.nodesWithoutPod, cluster, memory, at) ??
        untilReverted([...starting, ...fleet.terminating, ...fleet.nodesWithoutPod, ...rollingOn(cluster, ready)]) ?? {
            do: "done",
            why: "the rollout is taken back",
        }
    );
}

/** The pods that the DaemonSet's rolling update has not replaced yet. */
function rollingOn(
    { daemonSet, pods }: World["cluster"],
    nodes: readonly { readonly name: string }[],
): readonly PodSeen[] {
    const names = nodes.map(({ name }) => name);
    return daemonSet?.updateStrategy === "RollingUpdate"
        ? pods.filter(({ current, terminating, node }) => !current && !terminating && names.includes(node))
        : [];
}
