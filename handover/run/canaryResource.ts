import { rolloutDrift, unfinishedRepair } from "../decide/drift";
import { subjectOf } from "../model/record";
import { type RunContext, warn, withRunContext } from "../observe/runContext";
import { CanaryInputs, CanaryOutputs, outputsOf } from "./canaryState";
import { readUnlessGone } from "./clusterGone";
import { LiveResource, mustAct, NO_DRIFT } from "./liveResource";
import { rollOut } from "./rollOut";

export type { CanaryInputs, CanaryOutputs } from "./canaryState";

/**
 * The rollout: restarts one pod in each place first, watches these canaries, and then restarts the other pods in waves. If a canary fails, or if pods of a wave cannot use the role,
 * the rollout is taken back.
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
        withRunContext(state, [], operation, (context) =>
            readUnlessGone(context, state.forceDestroy, () => read(context, state), {
                outputs: outputsOf(state),
                drift: state.drift,
            }),
        ),
};

async function read(context: RunContext, state: CanaryInputs & CanaryOutputs) {
    const subject = subjectOf(state.record, state.subject);
    const cluster = await context.cluster.look();
    const isPending = state.drift !== NO_DRIFT;
    const drift =
        rolloutDrift({ ...state, subject }, cluster, context.now()) ??
        (isPending ? unfinishedRepair(state, cluster) : undefined);
    if (drift !== undefined) {
        warn(context, drift);
    }
    return { outputs: outputsOf(state), drift: drift ?? NO_DRIFT };
}

/** The policies of these roles are attached again for pods that rely on them. */
function rolesOf({ record }: CanaryInputs): readonly string[] {
    return record.namedNodeRoles;
}
