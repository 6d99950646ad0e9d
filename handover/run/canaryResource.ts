import { associationDrift, rolloutDrift, unfinishedRepair } from "../decide/drift";
import { tellAll } from "../decide/driftFindings";
import { lateCarriers, unusablePlaces } from "../decide/unusablePlaces";
import { subjectOf } from "../model/record";
import type { ClusterSeen } from "../model/world";
import { seeingAssociations } from "../observe/associations";
import { lookAtAccount } from "../observe/look";
import { type RunContext, withRunContext } from "../observe/runContext";
import { CanaryInputs, CanaryOutputs, CanaryState, outputsOf } from "./canaryState";
import { refresh } from "./clusterGone";
import { LiveResource, mustAct, NO_DRIFT } from "./liveResource";
import { rollOut } from "./rollOut";

export type { CanaryInputs, CanaryOutputs } from "./canaryState";

/**
 * The rollout: restarts one pod in each place first, watches these canaries, and then restarts the other pods in waves. If a canary fails, or if pods of a wave cannot use the role,
 * the rollout is taken back.
 */
export const canary: LiveResource<CanaryInputs, CanaryOutputs> = {
    acting: ["delivered", "approvedRole", "serviceAccountUid", "associationId", "drift"],
    outputs: ["shown", "rollouts"],
    create: (inputs, operation) =>
        withRunContext(inputs, rolesOf(inputs), operation, (context) => rollOut(context, inputs, undefined)),
    update: async (state, inputs, operation) =>
        mustAct<CanaryInputs>(state, inputs, canary.acting) || mayHaveOtherRole(state, inputs)
            ? withRunContext(inputs, rolesOf(inputs), operation, (context) => rollOut(context, inputs, state))
            : outputsOf(state),
    // The credential guard hands back.
    delete: () => Promise.resolve(),
    read: async (state, operation) => ({
        outputs: outputsOf(state),
        drift: await refresh(state, [], operation, (context) => driftIn(context, state)),
    }),
};

/**
 * Whether the association may have another role than the program: an update to that role did not finish, and the program has returned to the former
 * one. Neither the program nor the state tells it.
 */
function mayHaveOtherRole({ record: before }: CanaryState, { record, subject }: CanaryInputs): boolean {
    return subject.delivery === "podIdentity" && before.approvals !== record.approvals;
}

async function driftIn(context: RunContext, state: CanaryState): Promise<readonly string[]> {
    const target = {
        ...state,
        subject: subjectOf(state.record, state.subject),
        canarySeconds: state.timeouts.canarySeconds,
    };
    const seen = await context.cluster.look();
    const isPending = state.drift !== NO_DRIFT;
    const isAssociated = target.subject.delivery === "podIdentity";
    // The account tells which role the pods of an association have.
    const world = isAssociated
        ? await lookAtAccount(
              seeingAssociations({ ...context, subject: target.subject, roleNames: rolesOf(state) }),
              seen,
              false,
          )
        : undefined;
    const { cluster } = world ?? { cluster: seen };
    const drift =
        (world === undefined ? rolloutDrift(target, cluster, context.now()) : associationDrift(target, world)) ??
        (isPending ? unfinishedRepair(state, cluster) : undefined) ??
        (await unusableDrift(context, target, cluster));
    return drift === undefined ? [] : [drift];
}

/** Looks at the account, which knows the places, only if a pod does not work at all. */
async function unusableDrift(
    context: RunContext,
    target: CanaryState & { readonly canarySeconds: number },
    cluster: ClusterSeen,
): Promise<string | undefined> {
    if (cluster.uid !== target.record.clusterUid || lateCarriers(target, cluster, context.now()).length === 0) {
        return undefined;
    }
    const world = await lookAtAccount({ ...context, roleNames: rolesOf(target) }, cluster, false);
    return tellAll(unusablePlaces(target, world));
}

/** The policies of these roles are attached again for pods that rely on them. */
function rolesOf({ record }: CanaryInputs): readonly string[] {
    return record.namedNodeRoles;
}
