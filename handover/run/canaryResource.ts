import { nextCanaryStep, nextRevertStep } from "../decide/canary";
import { carriedBefore } from "../decide/carriedBefore";
import { HandOverRecord, subjectOf } from "../model/record";
import { isRefusal, Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { DaemonSetSeen } from "../model/world";
import { RunContext, withRunContext } from "../observe/runContext";
import { LiveInputs, LiveResource, mustAct, NO_DRIFT } from "./liveResource";
import { reach } from "./loop";

export interface CanaryInputs extends LiveInputs {
    readonly record: HandOverRecord;
    readonly formerAnnotations: Readonly<Record<string, string>>;
    readonly approvedRole: string;
    /** Of the service account that the component's patch annotated. */
    readonly serviceAccountUid: string;
    readonly stableSeconds: number;
    /** What was delivered, by the component's own digest: the same is not tried again. */
    readonly delivered: string;
}

export interface CanaryOutputs {
    /** What was shown. */
    readonly shown: string;
    /** How the DaemonSet replaces its pods. */
    readonly updateStrategy?: DaemonSetSeen["updateStrategy"];
    /** Where every pod has carried the role since before the component: nothing is to be rolled out. */
    readonly carriedBefore?: true;
}

/** Restarts one pod of each node role first, watches it, and takes everything back when it does not work. */
export const canary: LiveResource<CanaryInputs, CanaryOutputs> = {
    acting: ["delivered", "approvedRole", "drift"],
    create: (inputs, operation) => withRunContext(inputs, [], operation, (context) => tryOut(context, inputs)),
    update: async (state, inputs, operation) =>
        mustAct<CanaryInputs>(state, inputs, canary.acting)
            ? withRunContext(inputs, [], operation, (context) => tryOut(context, inputs))
            : outputsOf(state),
    // The way back is the credential guard's.
    delete: () => Promise.resolve(),
    read: (state) => Promise.resolve({ outputs: outputsOf(state), drift: NO_DRIFT }),
};

function outputsOf({ shown, updateStrategy, ...rest }: CanaryOutputs): CanaryOutputs {
    return {
        shown,
        ...(updateStrategy === undefined ? {} : { updateStrategy }),
        ...(rest.carriedBefore === undefined ? {} : { carriedBefore: rest.carriedBefore }),
    };
}

/** What says that this is not the right place, so that there is nothing to take back. */
const WRONG_PLACE = ["cluster-changed", "another-cluster", "service-account-missing", "daemon-set-missing"];

/** Whoever cancels is not made to wait: what a killed run leaves, the next one goes on from. */
const NOTHING_TO_TAKE_BACK = [...WRONG_PLACE, "cancelled"];

async function tryOut(opened: RunContext, inputs: CanaryInputs): Promise<CanaryOutputs> {
    const subject = subjectOf(inputs.record, inputs.subject);
    const context = { ...opened, subject };
    const plan = { ...inputs, subject };
    try {
        const { why, world } = await reach(context, {
            what: "The canary",
            next: (seen, memory) => nextCanaryStep(plan, seen, memory),
            limitSeconds: inputs.timeouts.canarySeconds,
            limitArgument: "timeouts.canarySeconds",
        });
        const nothingToRestart = carriedBefore(subject, inputs.formerAnnotations, world.cluster);
        const shown = outputsOf({ shown: why, ...world.cluster.daemonSet });
        return nothingToRestart ? { ...shown, carriedBefore: true } : shown;
    } catch (error) {
        if (isRefusal(error, ...NOTHING_TO_TAKE_BACK)) {
            throw error;
        }
        const cause = isRefusal(error) ? `${error.seen} ${error.means}` : messageOf(error);
        const back = await takeBack(context, inputs, cause);
        throw isAboutReaching(error) ? unseen(error, back) : refusals.canaryFailed(cause, back);
    }
}

/** What says nothing of the canary: credentials that have expired, an API that does not answer. */
function isAboutReaching(error: unknown): error is Refusal {
    return isRefusal(error) && /^(aws|cluster|sts)-/.test(error.code);
}

function unseen({ code, seen, means, mend }: Refusal, back: string): Refusal {
    const meanwhile = `The canary's state could not be read. The service account and the canary pod were reverted (${back}). Other pods were not restarted.`;
    return new Refusal(code, seen, `${means} ${meanwhile}`, mend);
}

function leftThere({ code, seen, means, mend }: Refusal, cause: string): Refusal {
    const left =
        "So the canary was not reverted: one pod of each node role may carry the role. Other pods were not restarted.";
    return new Refusal(code, seen, `${means} ${left} The canary had failed: ${cause}`, mend);
}

/** Whatever it was that went wrong: a pod may already live off a role of which nobody knows whether it works. */
async function takeBack(context: RunContext, inputs: CanaryInputs, cause: string): Promise<string> {
    context.progress(`the canary failed: ${cause} Reverting it`);
    const plan = { subject: context.subject, formerAnnotations: inputs.formerAnnotations };
    try {
        const { why } = await reach(onClusterAlone(context), {
            what: "Reverting the canary",
            next: (world, memory) => nextRevertStep(plan, world, memory),
            limitSeconds: inputs.timeouts.canarySeconds,
            limitArgument: "timeouts.canarySeconds",
        });
        return why;
    } catch (error) {
        throw isRefusal(error) ? leftThere(error, cause) : error;
    }
}

/** The way back asks nothing of the account, whose credentials may be what has gone wrong. */
function onClusterAlone(context: RunContext): RunContext {
    return { ...context, aws: { ...context.aws, look: () => Promise.resolve({ roleOfInstance: {}, nodeRoles: [] }) } };
}

function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
