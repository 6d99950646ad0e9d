import { DetachmentTarget, nextDetachmentStep } from "../decide/detachment";
import { driftOf } from "../decide/drift";
import { nextGiveBackStep } from "../decide/giveBack";
import { remainingSteps } from "../decide/remainingSteps";
import { isTurnedOff } from "../decide/turnedOff";
import { HandOverRecord, subjectOf } from "../model/record";
import { freshMemory } from "../model/steps";
import { look } from "../observe/look";
import { OperationContext, RunContext, withRunContext } from "../observe/runContext";
import { LiveInputs, LiveResource, mustAct, NO_DRIFT } from "./liveResource";
import { reach } from "./loop";
import { unlessClusterGone } from "./unlessClusterGone";

export interface DetachmentInputs extends LiveInputs {
    readonly record: HandOverRecord;
    readonly approvedRole: string;
    readonly delivered: string;
    /** Undefined: the pods are verified, and nothing is detached. */
    readonly detachFromNodeRoles?: readonly string[];
    readonly detachPolicyArns?: readonly string[];
    readonly injectionGuard: boolean;
    readonly stableSeconds: number;
    readonly maxNotReadyNodes: number;
    /** Whether the node roles stay as they are when the live checks are turned off; not given where the program does not. */
    readonly keepDetached?: boolean;
}

export interface DetachmentOutputs {
    /** How many pods carry the role. */
    readonly verifiedPods: number;
    readonly detachedFrom: readonly string[];
    readonly remainingSteps: readonly string[];
}

/** Verifies every pod, then takes the CNI policy off the node roles. Its way back is the credential guard's. */
export const detachment: LiveResource<DetachmentInputs, DetachmentOutputs> = {
    acting: [
        "subject",
        "record",
        "approvedRole",
        "delivered",
        "detachFromNodeRoles",
        "detachPolicyArns",
        "injectionGuard",
        "drift",
    ],
    create: (inputs, operation) =>
        withRunContext(inputs, rolesOf(inputs), operation, (context) => giveBackAndHandOver(context, inputs)),
    update: async (state, inputs, operation) =>
        mustAct<DetachmentInputs>(state, inputs, detachment.acting)
            ? withRunContext(inputs, rolesOf(inputs), operation, (context) => giveBackAndHandOver(context, inputs))
            : outputsOf(state),
    delete: (state, operation) =>
        unlessClusterGone(state, state.record.namedNodeRoles, operation, (context) => letGo(context, state)),
    read,
};

function rolesOf({ record, detachFromNodeRoles = [] }: DetachmentInputs): string[] {
    return [...new Set([...record.namedNodeRoles, ...detachFromNodeRoles])];
}

/** Roles that are no longer to give their policy up. By the record: a run that was killed has told of none. */
function rolesLeft({ record, detachFromNodeRoles = [] }: DetachmentInputs): string[] {
    return record.namedNodeRoles.filter((name) => !detachFromNodeRoles.includes(name));
}

async function giveBackAndHandOver(context: RunContext, inputs: DetachmentInputs): Promise<DetachmentOutputs> {
    await giveBack(context, inputs, rolesLeft(inputs));
    return handOver(context, inputs);
}

/**
 * On destroy it leaves the state before anything moves, since the hand-back, which comes then, gives the policies back: an update
 * after a destroy that was killed has to make it again, and so takes them off again. When the live checks are turned off there is
 * no hand-back.
 */
async function letGo(context: RunContext, inputs: DetachmentInputs): Promise<void> {
    const { record, subject, keepDetached = false } = inputs;
    if (!isTurnedOff(subjectOf(record, subject), await context.cluster.look())) {
        return;
    }
    if (keepDetached) {
        context.progress("keepDetached is set: the node roles stay as they are");
        return;
    }
    await giveBack(context, inputs, record.namedNodeRoles);
}

/** What was recorded goes back. Nothing relies on it yet, so nobody waits until IAM enforces it. */
async function giveBack(
    context: RunContext,
    { record, timeouts }: DetachmentInputs,
    roleNames: readonly string[],
): Promise<void> {
    if (roleNames.length === 0) {
        return;
    }
    await reach(
        { ...context, roleNames },
        {
            what: "Attaching the policies to the node roles again",
            next: (world, memory) => nextGiveBackStep({ record, roleNames, iamPropagationSeconds: 0 }, world, memory),
            limitSeconds: timeouts.handBackSeconds,
            limitArgument: "timeouts.handBackSeconds",
        },
    );
}

function planOf(inputs: DetachmentInputs): DetachmentTarget {
    return {
        ...inputs,
        subject: subjectOf(inputs.record, inputs.subject),
        detachFromNodeRoles: inputs.detachFromNodeRoles,
        detachPolicyArns: inputs.detachPolicyArns,
    };
}

async function handOver(opened: RunContext, inputs: DetachmentInputs): Promise<DetachmentOutputs> {
    const plan = planOf(inputs);
    const { world } = await reach(
        { ...opened, subject: plan.subject },
        {
            what: "The verification of all pods",
            next: (seen, memory) => nextDetachmentStep(plan, seen, memory),
            limitSeconds: inputs.timeouts.verificationSeconds,
            limitArgument: "timeouts.verificationSeconds",
        },
    );
    return {
        verifiedPods: world.cluster.pods.filter(({ terminating }) => !terminating).length,
        detachedFrom: world.account.nodeRoles
            .filter(({ name, exists }) => exists && (inputs.detachFromNodeRoles ?? []).includes(name))
            .map(({ name }) => name),
        remainingSteps: remainingSteps(plan, world),
    };
}

async function read(
    state: DetachmentInputs & DetachmentOutputs,
    operation: OperationContext,
): Promise<{ outputs: DetachmentOutputs; drift: string }> {
    const plan = planOf(state);
    return withRunContext(state, rolesOf(state), operation, async (context) => {
        const world = await look({ ...context, subject: plan.subject }, { searchElsewhere: false });
        const step = nextDetachmentStep({ ...plan, stableSeconds: 0 }, world, freshMemory(world.at));
        const drift = driftOf(step, state.detachedFrom);
        if (drift !== undefined) {
            context.progress(drift);
        }
        return { outputs: outputsOf(state), drift: drift ?? NO_DRIFT };
    });
}

function outputsOf({ verifiedPods, detachedFrom, remainingSteps: remaining }: DetachmentOutputs): DetachmentOutputs {
    return { verifiedPods, detachedFrom, remainingSteps: remaining };
}
