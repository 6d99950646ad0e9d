import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { nextCanaryStep, RolloutTarget } from "../decide/canary";
import { rolloutDrift } from "../decide/drift";
import { reliesOnRole } from "../decide/reliesOnRole";
import { nextRolloutStep, podsLeft } from "../decide/rollout";
import { nextTakeBackStep } from "../decide/takeBack";
import { carriesRole } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import { HandOverRecord, subjectOf } from "../model/record";
import { isRefusal, Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { freshMemory } from "../model/steps";
import type { World } from "../model/world";
import { seeingAssociations } from "../observe/associations";
import { RunContext, warn, withRunContext } from "../observe/runContext";
import { provedSinceComplaint } from "./complaints";
import { LiveInputs, LiveResource, mustAct, NO_DRIFT } from "./liveResource";
import { reach, Reached } from "./loop";
import { ProofDepth, prove } from "./proveRole";
import { TransientRetry } from "./transientRetry";
import { withoutAccount } from "./withoutAccount";

export interface CanaryInputs extends LiveInputs {
    readonly record: HandOverRecord;
    readonly formerAnnotations: Readonly<Record<string, string>>;
    readonly approvedRole: string;
    readonly proof: ProofDepth;
    /** The UID of the service account that the component's patch annotated. */
    readonly serviceAccountUid: string;
    readonly stableSeconds: number;
    /** The component's digest of what it delivers. The rollout does not run again for the same digest. */
    readonly delivered: string;
}

export interface CanaryOutputs {
    /** The result of the rollout, as a sentence. */
    readonly shown: string;
    /** How often a rollout has run. It changes with each one, so that the detachment verifies the pods again. */
    readonly rollouts: number;
}

type CanaryState = CanaryInputs & CanaryOutputs;

/**
 * The rollout: restarts one pod in each place first, watches these canaries, and then restarts the other pods in waves. If a canary or a
 * wave fails for its credentials, the rollout is taken back.
 */
export const canary: LiveResource<CanaryInputs, CanaryOutputs> = {
    acting: ["delivered", "approvedRole", "serviceAccountUid", "drift"],
    outputs: ["shown", "rollouts"],
    create: (inputs, operation) =>
        withRunContext(inputs, rolesOf(inputs), operation, (context) => rollOut(context, inputs, undefined)),
    update: async (state, inputs, operation) =>
        mustAct<CanaryInputs>(state, inputs, canary.acting)
            ? withRunContext(inputs, rolesOf(inputs), operation, (context) => rollOut(context, inputs, state))
            : outputsOf(state),
    // The credential guard hands back.
    delete: () => Promise.resolve(),
    read: (state, operation) =>
        withRunContext(state, [], operation, async (context) => {
            const subject = subjectOf(state.record, state.subject);
            const drift = rolloutDrift({ ...state, subject }, await context.cluster.look());
            if (drift !== undefined) {
                warn(context, drift);
            }
            return { outputs: outputsOf(state), drift: drift ?? NO_DRIFT };
        }),
};

/** The policies of these roles are attached again for pods that rely on them. */
function rolesOf({ record }: CanaryInputs): readonly string[] {
    return record.namedNodeRoles;
}

/** A state of an earlier version has other outputs. */
function outputsOf({ shown = "", rollouts = 0 }: Partial<CanaryOutputs>): CanaryOutputs {
    return { shown, rollouts };
}

/** With these codes the cluster is the wrong one, or lacks the plugin, so there is nothing to take back. */
const WRONG_CLUSTER = ["cluster-changed", "another-cluster", "service-account-missing", "daemon-set-missing"];

/**
 * A cancelled run ends without taking anything back, so that the user does not wait. The next run continues from there. Without a
 * kubeconfig, the rollout has not begun. Pods with the credentials of an association work as long as it exists.
 */
const NOTHING_TO_TAKE_BACK = [...WRONG_CLUSTER, "cancelled", "kubeconfig-invalid", "pod-identity-association"];

/** A rollout that fails with one of these codes after its canaries have worked: pods cannot use the role. */
const FOR_CREDENTIALS = ["pods-do-not-work", "pod-misses-permissions"];

async function rollOut(
    opened: RunContext,
    inputs: CanaryInputs,
    before: CanaryState | undefined,
): Promise<CanaryOutputs> {
    const subject = subjectOf(inputs.record, inputs.subject);
    const context = seeingAssociations({ ...opened, subject });
    const target = { ...inputs, subject, canarySeconds: inputs.timeouts.canarySeconds };
    await proveAfterFailure(context, target);
    const shown = await restartAll(context, target, before);
    return { shown, rollouts: outputsOf(before ?? {}).rollouts + 1 };
}

type Target = CanaryInputs & RolloutTarget;

/** A rollout that was taken back has taken the annotation away. The next one begins with the proof, since the role may still not work. */
async function proveAfterFailure(context: RunContext, target: Target): Promise<void> {
    const cluster = await new TransientRetry(context).read(() => context.cluster.look());
    const isTheCluster = cluster.uid === target.record.clusterUid && cluster.serviceAccount !== undefined;
    if (isTheCluster && !isAnnotated(target.subject, cluster)) {
        await prove(context, target, { cluster });
    }
}

/** Returns the result as a sentence. */
async function restartAll(context: RunContext, target: Target, before: CanaryState | undefined): Promise<string> {
    let first: World | undefined;
    let last: World | undefined;
    try {
        const { why } = await reach(context, {
            what: "The rollout",
            next: (world, memory) => {
                first ??= world;
                last = world;
                return nextRolloutStep(target, world, memory);
            },
            left: (world) => podsLeft(target, world),
            // Deleting a pod and creating the next one takes time before the limit of the new pod begins.
            limitSeconds: 2 * target.canarySeconds,
            limitArgument: "timeouts.canarySeconds",
        });
        return why;
    } catch (error) {
        if (isRefusal(error, ...NOTHING_TO_TAKE_BACK)) {
            throw error;
        }
        const provedAt = await provedAfterComplaint(context, target, before, error);
        if (provedAt !== undefined) {
            context.progress("The role was proved since this complaint: only later events count");
            return restartAll(context, { ...target, provedAt }, before);
        }
        throw await takeBack(context, target, { first, last }, error);
    }
}

/**
 * A pod keeps the event of a complaint for an hour, also after the role was repaired. A role with which the pods were verified before gets
 * this allowance, once.
 */
async function provedAfterComplaint(
    context: RunContext,
    target: Target,
    before: CanaryState | undefined,
    error: unknown,
): Promise<number | undefined> {
    return isRefusal(error, "pod-misses-permissions") &&
        before?.approvedRole === target.approvedRole &&
        target.provedAt === undefined
        ? provedSinceComplaint(context, target.subject)
        : undefined;
}

/** Takes the rollout back if it failed for the pods' credentials, or before a canary has worked. Returns the error of the run. */
async function takeBack(
    context: RunContext,
    target: Target,
    { first, last }: { readonly first: World | undefined; readonly last: World | undefined },
    error: unknown,
): Promise<unknown> {
    const tested = last !== undefined && canariesWork(target, last);
    if (tested && !isRefusal(error, ...FOR_CREDENTIALS)) {
        return error;
    }
    const cause = isRefusal(error) ? `${error.seen} ${error.means}` : messageOf(error);
    const formerAnnotations = annotationsToRestore(target, first);
    const { world, why: back } = await revert(context, { ...target, formerAnnotations }, cause);
    if (isApiFailure(error)) {
        return stateUnknown(error, back);
    }
    const working = tested && isRefusal(error) ? error : undefined;
    return working === undefined
        ? refusals.canaryFailed(cause, back)
        : refusals.rolloutTakenBack(working, workingPods(target, world), back);
}

/** Whether the canaries have worked. A complaint of a pod that restarted after them says nothing against them. */
function canariesWork(target: Target, world: World): boolean {
    const pods = world.cluster.pods.map((pod) => ({ ...pod, missingPermissions: undefined }));
    const seen = { ...world, cluster: { ...world.cluster, pods } };
    return nextCanaryStep(target, seen, freshMemory(world.at)).do === "done";
}

/** After the others have restarted with their former credentials. */
function workingPods({ subject }: Target, { cluster }: World): number {
    return cluster.pods.filter((pod) => pod.ready && carriesRole(pod, subject)).length;
}

/**
 * A rollout that runs again on a cluster that is handed over (after a destroy that was killed, for example) must not send pods back to
 * node roles without the policies. It does not know about them if the run has seen nothing.
 */
function annotationsToRestore(
    { record, subject, formerAnnotations }: Pick<CanaryInputs, "record" | "subject" | "formerAnnotations">,
    first: World | undefined,
): Readonly<Record<string, string>> {
    const relies =
        first === undefined ? record.namedNodeRoles.length > 0 : reliesOnRole(record, first, subject.roleArn);
    return relies && formerAnnotations[ROLE_ARN_ANNOTATION] === undefined ? subject.annotations : formerAnnotations;
}

/** Failures that say nothing about the canary: expired credentials, an API that does not answer. */
function isApiFailure(error: unknown): error is Refusal {
    return isRefusal(error) && /^(aws|cluster|sts)-/.test(error.code);
}

function stateUnknown({ code, seen, means, fix }: Refusal, back: string): Refusal {
    const meanwhile = `The canary's state could not be read. The service account and the canary pod were reverted (${back}). Other pods were not restarted.`;
    return new Refusal(code, seen, `${means} ${meanwhile}`, fix);
}

function notReverted({ code, seen, means, fix }: Refusal, cause: string): Refusal {
    const left = "So it was not taken back: pods may carry the role that do not work with it. The rollout had failed:";
    return new Refusal(code, seen, `${means} ${left} ${cause}`, fix);
}

/** Reverts after any failure, since a pod may already use the permissions of a role that is not known to work. */
async function revert(context: RunContext, target: Target, cause: string): Promise<Reached> {
    context.progress(`the rollout failed: ${cause} Taking it back`);
    try {
        // The credentials for the account may be the cause of the failure.
        return await reach(withoutAccount(context), {
            what: "Taking the rollout back",
            next: (world, memory) => nextTakeBackStep(target, world, memory),
            limitSeconds: target.timeouts.canarySeconds,
            limitArgument: "timeouts.canarySeconds",
        });
    } catch (error) {
        throw isRefusal(error) ? notReverted(error, cause) : error;
    }
}

function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
