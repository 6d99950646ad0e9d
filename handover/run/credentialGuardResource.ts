import { unrecordedPolicies } from "../decide/drift";
import { allHaveRole } from "../decide/delivered";
import { isOwner } from "../decide/delivery";
import { roleOfAddOn } from "../model/addOn";
import { isAnnotated } from "../model/isAnnotated";
import { withDelivery } from "../decide/deliveredAgain";
import { ApprovedBefore, formerAnnotations, formerAnnotationsOfSameRole } from "../decide/formerAnnotations";
import { withDetachedBefore, withFoundNodeRoles } from "../decide/foundNodeRoles";
import { changesPodIdentity, leavesPodIdentity, podIdentityMoveRefusal } from "../decide/podIdentityMoves";
import { preflightRefusals } from "../decide/preflightRefusals";
import { rolesOfWithdrawn } from "../decide/sharedNodeRoles";
import { regionLines } from "../decide/unreadRegions";
import { withoutPathLine } from "../decide/withoutPath";
import {
    freshRecord,
    HandOverRecord,
    subjectOf,
    withAddOnDelivered,
    withAnotherApproval,
    withObserved,
    withoutAddOnDelivered,
    withPodIdentity,
    withOwnNodeRoles,
    withOwnRole,
    withServiceAccount,
} from "../model/record";
import { Refusals } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { World } from "../model/world";
import { look } from "../observe/look";
import { observePreflight } from "../observe/preflightLook";
import { RunContext, withRunContext } from "../observe/runContext";
import { issuerOfToken } from "../observe/tokenIssuer";
import { refuseAnotherGuard } from "./anotherGuard";
import { refresh } from "./clusterGone";
import { giveBackPolicies } from "./giveBackPolicies";
import { handBack, type HandBackInputs } from "./handBack";
import { leaveAddOn, leavesAddOn } from "./leaveAddOn";
import { leavePodIdentity } from "./leavePodIdentity";
import { LiveResource, mustAct } from "./liveResource";
import { provedAgain } from "./provedAgain";
import { refuseOwnRoleAsExisting, refuseOwnRoleGivenUp } from "./ownRoleAsExisting";
import { ProofDepth, prove } from "./proveRole";
import { refuseIfStillNeeded, refuseWithoutLogs } from "./removedPolicies";
import { leavingWithRole, refuseIfShared } from "./sharedRole";
import { unlessClusterGone } from "./unlessClusterGone";
import { widenInjectionGuard } from "./widenInjectionGuard";

export interface CredentialGuardInputs extends HandBackInputs {
    readonly proof: ProofDepth;
    readonly overrideExistingServiceAccount: boolean;
    readonly detachFromNodeRoles: readonly string[];
    /** Those of detachFromNodeRoles that the component's program manages. Missing if there are none. */
    readonly ownNodeRoles?: readonly string[];
    /** The other clusters whose pods no longer need the node roles, as the program says. Missing if it names none. */
    readonly handedOverClusterArns?: readonly string[];
    readonly injectionGuard: boolean;
    /** The CNI policy and the additional policies. */
    readonly policyArns: readonly string[];
    readonly additionalPolicies: boolean;
    /** Distinguishes the role from an earlier one of the same name. Empty for a role that the component does not manage. */
    readonly roleUniqueId: string;
}

export interface CredentialGuardOutputs {
    readonly record: HandOverRecord;
    /** The webhook's annotations that the service account had when this role was approved. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
    /** Changes with each approval of another role, so that the resources that depend on it act again. */
    readonly approvedRole: string;
}

/** Runs the preflight, proves the role and records the state before anything changes. Hands everything back on delete. */
export const credentialGuard: LiveResource<CredentialGuardInputs, CredentialGuardOutputs> = {
    acting: [
        "subject",
        "detachFromNodeRoles",
        "ownNodeRoles",
        "handedOverClusterArns",
        "injectionGuard",
        "policyArns",
        "roleUniqueId",
        "overrideExistingServiceAccount",
        "drift",
    ],
    outputs: ["record", "formerAnnotations", "approvedRole"],
    create: (inputs, operation) =>
        withRunContext(
            inputs,
            inputs.detachFromNodeRoles,
            operation,
            async (context) => (await approve(context, inputs, undefined)).approved,
        ),
    update: async (state, inputs, operation) =>
        mustAct<CredentialGuardInputs>(state, inputs, credentialGuard.acting)
            ? withRunContext({ ...inputs, record: state.record }, inputs.detachFromNodeRoles, operation, (context) =>
                  approveAgain(context, state, inputs),
              )
            : outputsOf(state),
    delete: (state, operation) =>
        unlessClusterGone(state, state.record.namedNodeRoles, operation, async (context) => {
            await refuseOwnRoleGivenUp(context, state);
            await handBack(context, state, recordOf(state));
        }),
    read: async (state, operation) => ({
        outputs: outputsOf(state),
        drift: await refresh(state, state.record.namedNodeRoles, operation, (context) => driftIn(context, state)),
    }),
};

function outputsOf({
    record,
    formerAnnotations: former,
    approvedRole,
}: CredentialGuardOutputs): CredentialGuardOutputs {
    return { record, formerAnnotations: former, approvedRole };
}

/** Proves a role, and records the state before it. */
async function approve(
    context: RunContext,
    inputs: CredentialGuardInputs,
    before:
        | (ApprovedBefore &
              Pick<CredentialGuardInputs, "policyArns"> &
              Pick<CredentialGuardOutputs, "record" | "approvedRole">)
        | undefined,
): Promise<{ readonly approved: CredentialGuardOutputs; readonly world: World }> {
    const { subject } = inputs;
    const world = await checkPreflight(context, inputs, before);
    if (before !== undefined && before.record.clusterUid !== world.cluster.uid) {
        throw refusals.clusterChanged(before.record.clusterUid, world.cluster.uid);
    }
    await refuseWithoutLogs(context, inputs, world.cluster);
    regionLines(world.account, inputs.detachFromNodeRoles).forEach((line) => context.progress(line));
    const withoutPath = withoutPathLine(world);
    if (withoutPath !== undefined) {
        context.progress(withoutPath);
    }
    const inUse = before?.record.approvedRoleArns.includes(subject.roleArn) ?? false;
    await prove(context, { ...inputs, isOwn: inputs.roleUniqueId !== "", inUse }, world);
    const approvedRole = approvedRoleOf(inputs);
    const earlier = recordOf({ ...inputs, record: before?.record ?? freshRecord(subject, world) });
    const delivered = withPodIdentity(withDelivery(earlier, subject, before, approvedRole, world), subject);
    const record = withAddOn(delivered, subject, world);
    const found = { ...inputs, roleArn: subject.roleArn, nodeRoles: world.account.nodeRoles };
    const approved = {
        record: withFoundNodeRoles(withObserved(withServiceAccount(record, subject.serviceAccount), found), found),
        formerAnnotations:
            before?.approvedRole === approvedRole
                ? formerAnnotationsOfSameRole(world, before, subject.serviceAccount)
                : formerAnnotations(world, before, subject.serviceAccount),
        approvedRole,
    };
    if (before === undefined && world.cluster.injectionGuard.present) {
        // One that a lost state has left over would refuse the pods that get the role.
        await widen(context, inputs, approved);
    }
    return { approved, world };
}

/** Before the add-on changes: the record must have the role that it had, also after a kill. */
function withAddOn(record: HandOverRecord, { delivery }: RunContext["subject"], { account }: World): HandOverRecord {
    const { addOn } = account;
    return delivery === "eksAddon" ? withAddOnDelivered(record, roleOfAddOn(addOn)) : record;
}

/** Before the service account gets another role. */
function widen(context: RunContext, { timeouts }: CredentialGuardInputs, approved: CredentialGuardOutputs) {
    return widenInjectionGuard(
        context,
        { subject: context.subject, ...approved },
        { limitSeconds: timeouts.handBackSeconds, limitArgument: "timeouts.handBackSeconds" },
    );
}

/** The record, with the CNI role and the node roles that the program itself manages. */
function recordOf(inputs: CredentialGuardInputs & Pick<CredentialGuardOutputs, "record">): HandOverRecord {
    const { roleUniqueId, subject, detachFromNodeRoles, ownNodeRoles = [] } = inputs;
    const record = withOwnNodeRoles(inputs.record, detachFromNodeRoles, ownNodeRoles);
    return roleUniqueId === "" ? record : withOwnRole(record, subject.roleArn);
}

async function approveAgain(
    context: RunContext,
    state: CredentialGuardInputs & CredentialGuardOutputs,
    inputs: CredentialGuardInputs,
): Promise<CredentialGuardOutputs> {
    const { record } = state;
    const known = { ...context, subject: subjectOf(record, context.subject) };
    const notMoved = podIdentityMoveRefusal(state.subject, inputs.subject, record);
    if (notMoved !== undefined) {
        throw notMoved;
    }
    refuseIfShared(state, inputs);
    leavingWithRole(state, inputs).forEach((line) => context.progress(line));
    refuseOwnRoleAsExisting(state, inputs);
    await refuseIfStillNeeded(known, state, inputs);
    const { approvedRoleArns, ownRoleArns = approvedRoleArns } = record;
    const before = { ...state, record, approvedRoleArns, ownRoleArns };
    const { approved, world } = await approve(known, { ...inputs, subject: known.subject }, before);
    const { namedNodeRoles } = state.record;
    // Pods may rely on those, too, that another cluster's run had detached before.
    const lost = withDetachedBefore(approved.record);
    const isAnotherRole =
        approved.approvedRole !== state.approvedRole || changesPodIdentity(state.subject, inputs.subject);
    const { iamPropagationSeconds, timeouts } = inputs;
    const target = { record: lost, roleNames: namedNodeRoles, iamPropagationSeconds };
    const leaves = leavesAddOn(record, known.subject, isAnotherRole);
    if (leaves) {
        // An update that was killed may have approved a role that no pod has worked with.
        const keeping = isAnotherRole ? approved.formerAnnotations : state.subject.annotations;
        await leaveAddOn(known, { record, keeping, giveBack: target, iamPropagationSeconds, timeouts });
    }
    await ownAgain(known, state.subject, world);
    if (!isAnotherRole) {
        const clusters = { before: state.handedOverClusterArns, now: inputs.handedOverClusterArns };
        const roleNames = rolesOfWithdrawn(clusters, world.account.nodeRoles).filter((name) =>
            namedNodeRoles.includes(name),
        );
        const why = "since handedOverClusterArns no longer lists a cluster that uses them,";
        // No pod of this cluster is about to rely on them.
        await giveBackPolicies(known, inputs, { record: lost, roleNames, iamPropagationSeconds: 0 }, why);
        return afterLeaving(approved, known.subject);
    }
    if (leavesPodIdentity(state.subject, inputs.subject)) {
        const before = subjectOf(record, state.subject);
        await leavePodIdentity(known, { ...inputs, record: approved.record, before });
        return afterLeaving({ ...approved, record: withAnotherApproval(approved.record) }, known.subject);
    }
    if (!leaves) {
        const movesToPodIdentity = changesPodIdentity(state.subject, inputs.subject) ? known.subject : undefined;
        const why = "before the service account gets another role,";
        await giveBackPolicies(known, inputs, { ...target, movesToPodIdentity }, why);
    }
    await widen(known, inputs, approved);
    return afterLeaving({ ...approved, record: withAnotherApproval(approved.record) }, known.subject);
}

/**
 * An update to the delivery `external` that has failed has released the annotation, and its patch is still in the state: the engine does not write it
 * again. The other writer is about to let go.
 */
async function ownAgain({ cluster, subject }: RunContext, before: RunContext["subject"], world: World): Promise<void> {
    const isBack = before.delivery === "external" && subject.delivery === undefined;
    if (isBack && isAnnotated(subject, world.cluster) && !isOwner(subject, world.cluster)) {
        await cluster.annotate(subject.annotations, false);
    }
}

/**
 * The record then differs, so that the detachment verifies the pods again. With Pod Identity, the detachment takes the role from the add-on, and needs the
 * record of it, also after a kill.
 */
function afterLeaving(approved: CredentialGuardOutputs, { delivery }: RunContext["subject"]): CredentialGuardOutputs {
    return delivery !== "eksAddon" && delivery !== "podIdentity"
        ? { ...approved, record: withoutAddOnDelivered(approved.record) }
        : approved;
}

/** Runs the preflight. Throws all its reasons to refuse at once. */
async function checkPreflight(
    context: RunContext,
    inputs: CredentialGuardInputs,
    before:
        (Pick<CredentialGuardInputs, "subject" | "policyArns"> & Pick<CredentialGuardOutputs, "record">) | undefined,
): Promise<World> {
    const preflight = await observePreflight(context, inputs, async () =>
        issuerOfToken(await context.cluster.requestToken()),
    );
    const isApproved = before !== undefined;
    // After a move away from Pod Identity, an association is another party's, also for a move back to it: the record keeps the one that is gone.
    const ownAssociation = before?.subject.delivery === "podIdentity" && before.record.podIdentityDelivered === true;
    const [first, ...others] = preflightRefusals({
        ...preflight,
        isApproved,
        ownAssociation,
        namedBefore: before?.record.namedNodeRoles ?? [],
        keepsRole: before !== undefined && keepsRole(before, inputs),
    });
    if (first !== undefined) {
        throw others.length === 0
            ? first
            : new Refusals("The update stopped before it changed anything on the cluster", [first, ...others]);
    }
    if (!allHaveRole(context.subject, preflight.world.cluster)) {
        await refuseAnotherGuard(context);
    }
    return preflight.world;
}

/** Whether pods may carry the role already, and it loses no policy. */
function keepsRole(
    before: Pick<CredentialGuardInputs, "policyArns"> & Pick<CredentialGuardOutputs, "record">,
    { subject, policyArns }: CredentialGuardInputs,
): boolean {
    return (
        before.record.approvedRoleArns.includes(subject.roleArn) &&
        before.policyArns.every((arn) => policyArns.includes(arn))
    );
}

/**
 * Says what the next update has to record. It records nothing itself: a policy that another program attaches for a moment would
 * otherwise be attached again on destroy, although its owner has removed it.
 */
async function driftIn(
    context: RunContext,
    state: CredentialGuardInputs & CredentialGuardOutputs,
): Promise<readonly string[]> {
    const { clusterUid } = state.record;
    const { account, cluster } = await look(context, { searchElsewhere: false });
    if (cluster.uid !== clusterUid) {
        // The next update refuses before it patches the other cluster.
        return [refusals.clusterChanged(clusterUid, cluster.uid).seen];
    }
    return [await provedAgain(context, state, cluster), unrecordedPolicies(state, account)].flatMap((one) => one ?? []);
}

function approvedRoleOf({ subject, roleUniqueId }: CredentialGuardInputs): string {
    return `${subject.roleArn} ${roleUniqueId}`.trim();
}
