import { deliverySecondsOf } from "../decide/addOnSteps";
import { complainedBefore } from "../decide/complaints";
import { hasDelivery } from "../decide/delivered";
import {
    DetachmentTarget,
    nextDetachmentStep,
    podsToRestart,
    refusedComplaint,
    watchedVerification,
} from "../decide/detachment";
import { driftOf } from "../decide/drift";
import { nextGiveBackStep, notGivenBack } from "../decide/giveBack";
import { leftBefore } from "../decide/leftBehind";
import { policiesToDetach } from "../decide/nodeRolePolicies";
import { remainingSteps, rolesIn } from "../decide/remainingSteps";
import { type LeftNodeRoles, rolesKept } from "../decide/sharedNodeRoles";
import { HandOverRecord, subjectOf } from "../model/record";
import { isRefusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { World } from "../model/world";
import { seeingAssociations } from "../observe/associations";
import { look } from "../observe/look";
import { RunContext, withRunContext } from "../observe/runContext";
import { seeingAddOn } from "../observe/seeingAddOn";
import { withSettingGap } from "../observe/settingGap";
import { withUndecidedActions } from "../observe/undecidedActions";
import { awaitInjectionGuard } from "./awaitAdmission";
import { refresh } from "./clusterGone";
import { provedSinceComplaint } from "./complaints";
import { LiveInputs, LiveResource, mustAct } from "./liveResource";
import { type Goal, reach, type Reached } from "./loop";
import type { ProofDepth } from "./proveRole";
import { TransientRetry } from "./transientRetry";
import { unlessClusterGone } from "./unlessClusterGone";

export interface DetachmentInputs extends LiveInputs {
    readonly record: HandOverRecord;
    readonly approvedRole: string;
    readonly delivered: string;
    /** How often the rollout has run. Each one may attach policies again, and is verified. Missing in states of early versions. */
    readonly rollouts?: number;
    /** Undefined: the pods are verified, and nothing is detached. */
    readonly detachFromNodeRoles?: readonly string[];
    /** The other clusters whose pods no longer need the node roles, as the program says. Missing if it names none. */
    readonly handedOverClusterArns?: readonly string[];
    readonly injectionGuard: boolean;
    readonly stableSeconds: number;
    readonly maxNotReadyNodes: number;
    /** Missing: `full`. */
    readonly proof?: ProofDepth;
}

export interface DetachmentOutputs {
    /** How many pods carry the role. */
    readonly verifiedPods: number;
    readonly detachedFrom: readonly string[];
    readonly remainingSteps: readonly string[];
}

/** Verifies every pod, then detaches the CNI policy from the node roles. On destroy, the credential guard attaches it again. */
export const detachment: LiveResource<DetachmentInputs, DetachmentOutputs> = {
    acting: [
        "subject",
        "record",
        "approvedRole",
        "delivered",
        "detachFromNodeRoles",
        "handedOverClusterArns",
        "injectionGuard",
        "rollouts",
        "drift",
    ],
    outputs: ["verifiedPods", "detachedFrom", "remainingSteps"],
    create: (inputs, operation) =>
        withRunContext(inputs, rolesOf(inputs), operation, (context) =>
            restoreAndHandOver(context, inputs, { isRepair: false }),
        ),
    update: async (state, inputs, operation) =>
        mustAct<DetachmentInputs>(
            state,
            inputs,
            isUnproved(state) ? [...detachment.acting, "proof"] : detachment.acting,
        )
            ? withRunContext(inputs, rolesOf(inputs), operation, (context) => {
                  const isAnotherRole = state.approvedRole !== inputs.approvedRole;
                  const left = leftBefore({ ...state, isAnotherRole }, inputs.record);
                  const finished = finishedRoles(state, inputs);
                  return restoreAndHandOver(context, inputs, { isRepair: !isAnotherRole, left, finished });
              })
            : outputsOf(state),
    delete: (state, operation) =>
        unlessClusterGone(state, [], operation, (context) => refuseAnotherCluster(context, state.record)),
    read: async (state, operation) => ({
        outputs: outputsOf(state),
        drift: await refresh(state, rolesOf(state), operation, (context) => driftIn(context, state)),
    }),
};

function rolesOf({ record, detachFromNodeRoles = [] }: DetachmentInputs): string[] {
    return [...new Set([...record.namedNodeRoles, ...detachFromNodeRoles])];
}

/** Whether a node role has kept its policies for want of a proof. Another proof may then decide. */
function isUnproved({ remainingSteps: before }: DetachmentOutputs): boolean {
    return rolesIn(before, "unproved").length > 0;
}

/**
 * The node roles that the last update has left without their policies. None if an update since then may have attached and detached them again, and
 * may have been killed: to another role or delivery, with another rollout, or to repair drift.
 */
function finishedRoles(state: DetachmentInputs & DetachmentOutputs, inputs: DetachmentInputs): readonly string[] {
    const isAsLeft =
        state.approvedRole === inputs.approvedRole &&
        state.rollouts === inputs.rollouts &&
        state.delivered === inputs.delivered &&
        state.drift === inputs.drift;
    return isAsLeft ? state.detachedFrom : [];
}

/** The recorded roles that detachFromNodeRoles no longer lists. The outputs do not have them after a killed run. */
function rolesNoLongerListed({ record, detachFromNodeRoles = [] }: DetachmentInputs): string[] {
    return record.namedNodeRoles.filter((name) => !detachFromNodeRoles.includes(name));
}

/**
 * A pod may have complained before the role was repaired, and would block every update for an hour, as long as Kubernetes keeps the event. So a
 * complaint from before this run is outdated by a proof.
 *
 * @param options isRepair: whether the pods were verified with this role before. Any complaint is then outdated by a proof. Otherwise a complaint of
 * this run counts: the role was proved right before, and the nodes tell more than the machine that runs Pulumi.
 */
async function restoreAndHandOver(
    context: RunContext,
    inputs: DetachmentInputs,
    {
        isRepair,
        left,
        finished = [],
    }: { readonly isRepair: boolean; readonly left?: LeftNodeRoles; readonly finished?: readonly string[] },
): Promise<DetachmentOutputs> {
    await restorePolicies(context, inputs, rolesNoLongerListed(inputs));
    const startedAt = context.now();
    const target = targetOf(inputs);
    const seen: { last?: World } = {};
    try {
        return await handOver(context, inputs, { left, finished, onLook: (world) => (seen.last = world) });
    } catch (error) {
        const pods = seen.last?.cluster.pods.filter((pod) => hasDelivery(pod, target)) ?? [];
        const mayBeOutdated = isRepair || complainedBefore(pods, target, startedAt);
        const complains = isRefusal(error, "pod-misses-permissions") && mayBeOutdated;
        const provedAt = complains ? await provedSinceComplaint(context, target.subject) : undefined;
        if (!complains || provedAt === undefined) {
            throw error;
        }
        context.progress(
            `${error.seen.replace(/\.?$/, ".")} The role has been proved since then: only later events count`,
        );
        return handOver(context, inputs, { left, finished, provedAt });
    }
}

/**
 * The hand-back refuses as well. Here, this resource stays in the state, so that an update of forceDestroy alone is possible.
 *
 * Otherwise it leaves the state before anything changes, and the hand-back that follows attaches the policies again. An update after a killed
 * destroy has to create this resource again, and so detaches the policies again.
 */
async function refuseAnotherCluster({ cluster }: RunContext, { clusterUid }: HandOverRecord): Promise<void> {
    const { uid } = await cluster.look();
    if (uid !== clusterUid) {
        throw refusals.clusterChanged(clusterUid, uid);
    }
}

/** Attaches the recorded policies again. Nothing relies on them yet, so the run does not wait until IAM enforces them. */
async function restorePolicies(
    context: RunContext,
    { record, timeouts }: DetachmentInputs,
    roleNames: readonly string[],
): Promise<void> {
    if (roleNames.length === 0) {
        return;
    }
    const { world } = await reach(
        { ...context, roleNames },
        {
            what: "Attaching the policies to the node roles again",
            next: (seen, memory) => nextGiveBackStep({ record, roleNames, iamPropagationSeconds: 0 }, seen, memory),
            limitSeconds: timeouts.handBackSeconds,
            limitArgument: "timeouts.handBackSeconds",
        },
    );
    notGivenBack(record, roleNames, world.account).forEach((line) => context.progress(line));
}

function targetOf(inputs: DetachmentInputs): DetachmentTarget {
    return {
        ...inputs,
        subject: subjectOf(inputs.record, inputs.subject),
        canarySeconds: inputs.timeouts.canarySeconds,
        deliverySeconds: deliverySecondsOf(inputs.timeouts),
        detachFromNodeRoles: inputs.detachFromNodeRoles,
    };
}

interface HandingOver {
    readonly left: LeftNodeRoles | undefined;
    readonly finished: readonly string[];
    readonly provedAt?: number;
    readonly onLook?: (world: World) => unknown;
}

async function handOver(
    opened: RunContext,
    inputs: DetachmentInputs,
    { left, finished, provedAt, onLook = () => undefined }: HandingOver,
): Promise<DetachmentOutputs> {
    const target: DetachmentTarget = {
        ...targetOf(inputs),
        finishedRoles: finished,
        ...(left === undefined ? {} : { leftBefore: left }),
        ...(provedAt === undefined ? {} : { provedAt }),
    };
    const context = seeingAddOn(seeingAssociations({ ...opened, subject: target.subject }));
    const limit = {
        limitSeconds: inputs.timeouts.verificationSeconds,
        limitArgument: "timeouts.verificationSeconds",
    } as const;
    const goal: Goal = {
        what: "The verification of all pods",
        next: (seen, memory) => {
            onLook(seen);
            return nextDetachmentStep(target, seen, memory);
        },
        left: (seen) => podsToRestart(target, seen),
        watched: watchedVerification(target),
        ...limit,
        evidence: (seen) => withUndecidedActions(context, inputs.proof !== "off", seen),
        ...(inputs.injectionGuard ? { beforeDetachment: () => awaitInjectionGuard(context, limit) } : {}),
    };
    const { world: verified, memory } = await verifiedUnderGuard(context, target, goal);
    const world = await new TransientRetry(context).read(() => withSettingGap(context, verified));
    return {
        verifiedPods: world.cluster.pods.filter(({ terminating }) => !terminating).length,
        detachedFrom: detachedFrom(target, world),
        remainingSteps: remainingSteps(target, world, memory),
    };
}

/**
 * If a shared node role keeps its policies, another cluster's run will detach them, and relies on the verification here: the injection guard
 * must be enforced before the pods are verified. All regions are looked at, so that the remaining steps name all clusters.
 */
async function verifiedUnderGuard(
    context: RunContext,
    target: DetachmentTarget,
    goal: Goal,
): Promise<Pick<Reached, "world" | "memory">> {
    const first = await reach(context, goal);
    // No other run detaches what this one keeps for want of a proof, and its last look was one before a detachment.
    if (rolesKept(target, first.world, first.memory).every(({ why }) => why === "unproved")) {
        return first;
    }
    // A run that has detached other policies has tested it before.
    const isTested = first.memory.detachedAt !== undefined;
    await (isTested ? undefined : goal.beforeDetachment?.());
    const { memory, world: last } = isTested ? first : await reach(context, goal);
    const world = await new TransientRetry(context).read(() => look(context, { searchElsewhere: true }));
    const { undecidedActions } = last.account;
    return {
        world: undecidedActions === undefined ? world : { ...world, account: { ...world.account, undecidedActions } },
        memory,
    };
}

/** The listed node roles that hold no policy any more. */
function detachedFrom(target: DetachmentTarget, { account }: World): string[] {
    const { detachFromNodeRoles = [] } = target;
    return account.nodeRoles
        .filter((role) => role.exists && detachFromNodeRoles.includes(role.name))
        .filter((role) => policiesToDetach(role).length === 0)
        .map(({ name }) => name);
}

async function driftIn(context: RunContext, state: DetachmentInputs & DetachmentOutputs): Promise<readonly string[]> {
    const target = targetOf(state);
    const seeing = seeingAddOn(seeingAssociations({ ...context, subject: target.subject }));
    // Whether a role that kept its policies is still used elsewhere: otherwise the next update detaches them.
    const searchElsewhere = rolesIn(state.remainingSteps, "usedElsewhere").length > 0;
    const seen = await withSettingGap(seeing, await look(seeing, { searchElsewhere }));
    const world = isUnproved(state) ? await withUndecidedActions(seeing, state.proof !== "off", seen) : seen;
    const drift = driftOf(await provedIfComplaining(context, target, world), world, state);
    return drift === undefined ? [] : [drift];
}

/**
 * A pod keeps its complaint for an hour, also after the role was repaired and an update has succeeded. So a refresh that sees a complaint
 * proves the role, as that update did.
 */
async function provedIfComplaining(
    context: RunContext,
    target: DetachmentTarget,
    world: World,
): Promise<DetachmentTarget> {
    const complains = refusedComplaint(target, world) !== undefined;
    const provedAt = complains ? await provedSinceComplaint(context, target.subject) : undefined;
    return provedAt === undefined ? target : { ...target, provedAt };
}

function outputsOf({ verifiedPods, detachedFrom, remainingSteps: remaining }: DetachmentOutputs): DetachmentOutputs {
    return { verifiedPods, detachedFrom, remainingSteps: remaining };
}
