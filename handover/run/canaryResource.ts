import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { nextCanaryStep, nextRevertStep } from "../decide/canary";
import { carriedBefore } from "../decide/carriedBefore";
import { reliesOnRole } from "../decide/reliesOnRole";
import { nextWakeStep, refusedPodsLine } from "../decide/wakeRefused";
import { HandOverRecord, subjectOf } from "../model/record";
import { isRefusal, Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { DaemonSetSeen, World } from "../model/world";
import { RunContext, withRunContext } from "../observe/runContext";
import { LiveInputs, LiveResource, mustAct, NO_DRIFT } from "./liveResource";
import { reach } from "./loop";
import { withoutAccount } from "./withoutAccount";

export interface CanaryInputs extends LiveInputs {
    readonly record: HandOverRecord;
    readonly formerAnnotations: Readonly<Record<string, string>>;
    readonly approvedRole: string;
    /** The UID of the service account that the component's patch annotated. */
    readonly serviceAccountUid: string;
    readonly stableSeconds: number;
    /** The component's digest of what it delivers. The canary does not run again for the same digest. */
    readonly delivered: string;
}

export interface CanaryOutputs {
    /** The result of the canary, as a sentence. */
    readonly shown: string;
    /** How the DaemonSet replaces its pods. */
    readonly updateStrategy?: DaemonSetSeen["updateStrategy"];
    /**
     * Whether every pod carried the role before the component did anything: no rollout is needed.
     *
     * Always there: in a preview the SDK takes an output that the state lacks for unknown, and the DaemonSet would look changed.
     * https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts (resolveProperties)
     */
    readonly carriedBefore: boolean;
}

/** Restarts one pod of each node role first, watches it, and reverts everything if it does not work. */
export const canary: LiveResource<CanaryInputs, CanaryOutputs> = {
    acting: ["delivered", "approvedRole", "serviceAccountUid", "drift"],
    create: (inputs, operation) => withRunContext(inputs, [], operation, (context) => runCanary(context, inputs)),
    update: async (state, inputs, operation) =>
        mustAct<CanaryInputs>(state, inputs, canary.acting)
            ? withRunContext(inputs, [], operation, (context) => act(context, state, inputs))
            : outputsOf(state),
    // The credential guard hands back.
    delete: () => Promise.resolve(),
    read: (state, operation) =>
        withRunContext(state, [], operation, async (context) => {
            const drift = refusedPodsLine(await context.cluster.look());
            if (drift !== undefined) {
                context.progress(drift);
            }
            return { outputs: outputsOf(state), drift: drift ?? NO_DRIFT };
        }),
};

/** With drift alone there is nothing to try: a canary that failed would take the annotation from a cluster that is handed over. */
async function act(
    context: RunContext,
    state: CanaryInputs & CanaryOutputs,
    inputs: CanaryInputs,
): Promise<CanaryOutputs> {
    if (mustAct<CanaryInputs>(state, inputs, ["delivered", "approvedRole", "serviceAccountUid"])) {
        return runCanary(context, inputs);
    }
    await reach(withoutAccount({ ...context, subject: subjectOf(inputs.record, inputs.subject) }), {
        what: "Making the DaemonSet controller retry",
        next: nextWakeStep,
        limitSeconds: Math.max(inputs.timeouts.canarySeconds, MOST_SECONDS),
        limitArgument: "timeouts.canarySeconds",
    });
    return outputsOf(state);
}

/** More than nextWakeStep takes. */
const MOST_SECONDS = 60;

/** The outputs in a state, which an earlier version may have written. */
type StoredOutputs = Omit<CanaryOutputs, "carriedBefore"> & { readonly carriedBefore?: boolean };

function outputsOf({ shown, updateStrategy, carriedBefore: carried = false }: StoredOutputs): CanaryOutputs {
    return { shown, ...(updateStrategy === undefined ? {} : { updateStrategy }), carriedBefore: carried };
}

/** With these codes the cluster is the wrong one, or lacks the plugin, so there is nothing to revert. */
const WRONG_CLUSTER = ["cluster-changed", "another-cluster", "service-account-missing", "daemon-set-missing"];

/**
 * A cancelled run ends without reverting, so that the user does not wait. The next run continues from there. Without a kubeconfig,
 * the canary has not begun.
 */
const NOTHING_TO_REVERT = [...WRONG_CLUSTER, "cancelled", "kubeconfig-invalid"];

async function runCanary(opened: RunContext, inputs: CanaryInputs): Promise<CanaryOutputs> {
    const subject = subjectOf(inputs.record, inputs.subject);
    const context = { ...opened, subject };
    const target = { ...inputs, subject };
    let first: World | undefined;
    try {
        const { why, world } = await reach(context, {
            what: "The canary",
            next: (seen, memory) => {
                first ??= seen;
                return nextCanaryStep(target, seen, memory);
            },
            limitSeconds: inputs.timeouts.canarySeconds,
            limitArgument: "timeouts.canarySeconds",
        });
        const nothingToRestart = carriedBefore(subject, inputs.record.originalAnnotations, world.cluster);
        return outputsOf({ shown: why, ...world.cluster.daemonSet, carriedBefore: nothingToRestart });
    } catch (error) {
        if (isRefusal(error, ...NOTHING_TO_REVERT)) {
            throw error;
        }
        const cause = isRefusal(error) ? `${error.seen} ${error.means}` : messageOf(error);
        const formerAnnotations = annotationsToRestore(target, first);
        const back = await revertCanary(context, { ...inputs, formerAnnotations }, cause);
        throw isApiFailure(error) ? stateUnknown(error, back) : refusals.canaryFailed(cause, back);
    }
}

/**
 * A canary that runs again on a cluster that is handed over (after a destroy that was killed, for example) must not send pods back to
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
    const left =
        "So the canary was not reverted: one pod of each node role may carry the role. Other pods were not restarted.";
    return new Refusal(code, seen, `${means} ${left} The canary had failed: ${cause}`, fix);
}

/** Reverts after any failure, since a pod may already use the permissions of a role that is not known to work. */
async function revertCanary(context: RunContext, inputs: CanaryInputs, cause: string): Promise<string> {
    context.progress(`the canary failed: ${cause} Reverting it`);
    const target = { subject: context.subject, formerAnnotations: inputs.formerAnnotations };
    try {
        // The credentials for the account may be the cause of the failure.
        const { why } = await reach(withoutAccount(context), {
            what: "Reverting the canary",
            next: (world, memory) => nextRevertStep(target, world, memory),
            limitSeconds: inputs.timeouts.canarySeconds,
            limitArgument: "timeouts.canarySeconds",
        });
        return why;
    } catch (error) {
        throw isRefusal(error) ? notReverted(error, cause) : error;
    }
}

function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
