import { addOnDrift } from "../decide/addOnDrift";
import { nextAddOnRoleStep } from "../decide/addOnGetsRole";
import { deliverySecondsOf } from "../decide/addOnSteps";
import { type HandOverRecord, subjectOf } from "../model/record";
import { lookAtAccount } from "../observe/look";
import { type RunContext, withRunContext } from "../observe/runContext";
import { seeingAddOn } from "../observe/seeingAddOn";
import { refresh } from "./clusterGone";
import { type LiveInputs, type LiveResource, mustAct } from "./liveResource";
import { reach } from "./loop";

export interface AddOnRoleInputs extends LiveInputs {
    readonly record: HandOverRecord;
    readonly approvedRole: string;
    readonly delivered: string;
    /** How often the rollout has run. Each one may have written the annotation again. */
    readonly rollouts: number;
}

export interface AddOnRoleOutputs {
    /** The result as a sentence. */
    readonly told: string;
    /** How often it has run. It changes with each run, so that the detachment verifies the pods again: EKS may have restarted them. */
    readonly updates: number;
}

/** Gives the managed add-on the role that the pods carry, once they all do. The credential guard takes it away again. */
export const addOnRole: LiveResource<AddOnRoleInputs, AddOnRoleOutputs> = {
    acting: ["record", "approvedRole", "delivered", "rollouts", "drift"],
    outputs: ["told", "updates"],
    create: (inputs, operation) => withRunContext(inputs, [], operation, (context) => tell(context, inputs, 0)),
    update: async (state, inputs, operation) =>
        mustAct<AddOnRoleInputs>(state, inputs, addOnRole.acting)
            ? withRunContext(inputs, [], operation, (context) => tell(context, inputs, state.updates))
            : outputsOf(state),
    // The credential guard hands back.
    delete: () => Promise.resolve(),
    read: async (state, operation) => ({
        outputs: outputsOf(state),
        drift: await refresh(state, [], operation, (context) => driftIn(context, state)),
    }),
};

function outputsOf({ told, updates }: AddOnRoleOutputs): AddOnRoleOutputs {
    return { told, updates };
}

async function tell(opened: RunContext, inputs: AddOnRoleInputs, updates: number): Promise<AddOnRoleOutputs> {
    const target = targetOf(inputs);
    const { why } = await reach(seeingAddOn({ ...opened, subject: target.subject }), {
        what: "Telling the managed add-on the role",
        next: (world, memory) => nextAddOnRoleStep(target, world, memory),
        limitSeconds: target.deliverySeconds,
        limitArgument: "timeouts.deliverySeconds",
    });
    return { told: why, updates: updates + 1 };
}

function targetOf({ record, subject, timeouts }: AddOnRoleInputs) {
    return { record, subject: subjectOf(record, subject), deliverySeconds: deliverySecondsOf(timeouts) };
}

async function driftIn(context: RunContext, state: AddOnRoleInputs): Promise<readonly string[]> {
    const { subject, record } = targetOf(state);
    const cluster = await context.cluster.look();
    const world = await lookAtAccount(seeingAddOn({ ...context, subject }), cluster, false);
    const drift = cluster.uid === record.clusterUid ? addOnDrift(subject, world) : undefined;
    return drift === undefined ? [] : [drift];
}
