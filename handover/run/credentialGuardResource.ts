import { reasonsToRefuse } from "../decide/preflight";
import { ApprovedBefore, formerAnnotations } from "../decide/formerAnnotations";
import { nextGiveBackStep } from "../decide/giveBack";
import { seeGround } from "../observe/preflightLook";
import { nextHandBackStep } from "../decide/handBack";
import { look, reach, Site } from "./loop";
import { freshRecord, HandOverRecord, owned, recorded, subjectOf } from "../model/record";
import { refusals } from "../model/refusals";
import { issuerOfToken } from "../observe/tokenIssuer";
import type { World } from "../model/world";
import { formerStillWorks } from "./formerRole";
import { Door, LiveInputs, LiveResource, mustAct, NO_DRIFT } from "./liveResource";
import { ProofDepth, prove } from "./proveRole";
import { withSite, withSiteUnlessGone } from "../observe/runContext";

export interface CredentialGuardInputs extends LiveInputs {
    readonly proof: ProofDepth;
    readonly overrideExistingServiceAccount: boolean;
    readonly detachFromNodeRoles: readonly string[];
    readonly detachPolicyArns: readonly string[];
    readonly injectionGuard: boolean;
    /** The CNI policy, and those beside it. */
    readonly policyArns: readonly string[];
    readonly additionalPolicies: boolean;
    /** Tells the role from an earlier one of the same name. Empty for a role that was there before. */
    readonly roleUniqueId: string;
}

export interface CredentialGuardOutputs {
    readonly record: HandOverRecord;
    /** The webhook's annotations that the service account had when this role was approved. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
    /** Another one for each role that is approved: what depends on it then does its part again. */
    readonly approval: string;
}

/** Looks, proves and records before anything moves, and takes all of it back when it is deleted. */
export const credentialGuard: LiveResource<CredentialGuardInputs, CredentialGuardOutputs> = {
    acting: [
        "subject",
        "detachFromNodeRoles",
        "detachPolicyArns",
        "injectionGuard",
        "policyArns",
        "roleUniqueId",
        "overrideExistingServiceAccount",
        "drift",
    ],
    create: (inputs, door) =>
        withSite(inputs, inputs.detachFromNodeRoles, door, (site) => approve(site, inputs, undefined)),
    update: async (state, inputs, door) =>
        mustAct<CredentialGuardInputs>(state, inputs, credentialGuard.acting)
            ? withSite({ ...inputs, record: state.record }, inputs.detachFromNodeRoles, door, (site) =>
                  approveAgain(site, state, inputs),
              )
            : { record: state.record, formerAnnotations: state.formerAnnotations, approval: state.approval },
    delete: (state, door) =>
        withSiteUnlessGone(state, state.record.namedNodeRoles, door, async (site) => handBack(site, state)),
    read,
};

/** The proof of a role, and the record of what is there before it. */
async function approve(
    site: Site,
    inputs: CredentialGuardInputs,
    before: (ApprovedBefore & { readonly record: HandOverRecord }) | undefined,
): Promise<CredentialGuardOutputs> {
    const { subject, detachFromNodeRoles } = inputs;
    const world = await checkGround(site, inputs);
    if (before !== undefined && before.record.clusterUid !== world.cluster.uid) {
        throw refusals.clusterChanged(before.record.clusterUid, world.cluster.uid);
    }
    await prove(site, inputs, world);
    const record = withOwnRole({ ...inputs, record: before?.record ?? freshRecord(subject, world) });
    return {
        record: recorded(record, {
            roleArn: subject.roleArn,
            detachFromNodeRoles,
            detachPolicyArns: inputs.detachPolicyArns,
            nodeRoles: world.account.nodeRoles,
        }),
        formerAnnotations: formerAnnotations(world, before),
        approval: approvalOf(inputs),
    };
}

/** With the role, if it is the component's own. A record of an early version does not tell. */
function withOwnRole({
    record,
    roleUniqueId,
    subject,
}: CredentialGuardInputs & Pick<CredentialGuardOutputs, "record">) {
    return roleUniqueId === "" ? record : owned(record, subject.roleArn);
}

async function approveAgain(
    site: Site,
    state: CredentialGuardInputs & CredentialGuardOutputs,
    inputs: CredentialGuardInputs,
): Promise<CredentialGuardOutputs> {
    const known = { ...site, subject: subjectOf(state.record, site.subject) };
    const before = { ...state, approvedRoleArns: state.record.approvedRoleArns };
    const approved = await approve(known, { ...inputs, subject: known.subject }, before);
    if (approved.approval === state.approval) {
        // The same role: the annotation does not move, so what it was before is still what it was before.
        return { ...approved, formerAnnotations: state.formerAnnotations };
    }
    const { namedNodeRoles } = state.record;
    if (namedNodeRoles.length > 0) {
        const { iamPropagationSeconds } = inputs;
        const plan = { record: approved.record, roleNames: namedNodeRoles, iamPropagationSeconds };
        await reach(
            { ...known, roleNames: namedNodeRoles },
            {
                what: "Giving the node roles their policies back before the service account gets another role",
                next: (world, memory) => nextGiveBackStep(plan, world, memory),
                limitSeconds: iamPropagationSeconds + GIVE_BACK_SECONDS,
                limitArgument: "iamPropagationSeconds",
            },
        );
    }
    return approved;
}

/** For IAM's own calls, beside the time that it gets to settle. */
const GIVE_BACK_SECONDS = 120;

/** Everything that must hold before anything moves. */
async function checkGround(site: Site, inputs: CredentialGuardInputs): Promise<World> {
    const approval = await seeGround(site, inputs, async () => issuerOfToken(await site.cluster.requestToken()));
    const [reason] = reasonsToRefuse(approval);
    if (reason !== undefined) {
        throw reason;
    }
    return approval.world;
}

async function handBack(site: Site, state: CredentialGuardInputs & CredentialGuardOutputs): Promise<void> {
    const { timeouts } = state;
    const record = withOwnRole(state);
    const subject = subjectOf(record, state.subject);
    const plan = {
        subject,
        record,
        iamPropagationSeconds: state.iamPropagationSeconds,
        formerAnnotations: (await formerStillWorks(site, record, state)) ? record.originalAnnotations : {},
    };
    await reach(
        { ...site, subject },
        {
            what: "The hand-back",
            next: (world, memory) => nextHandBackStep(plan, world, memory),
            limitSeconds: timeouts.handBackSeconds,
            limitArgument: "handBackSeconds",
        },
    );
}

async function read(
    state: CredentialGuardInputs & CredentialGuardOutputs,
    door: Door,
): Promise<{ outputs: CredentialGuardOutputs; drift: string }> {
    const { record, formerAnnotations, approval, subject, detachFromNodeRoles } = state;
    const kept = { outputs: { record, formerAnnotations, approval }, drift: NO_DRIFT };
    return withSite(state, record.namedNodeRoles, door, async (site) => {
        const { account, cluster } = await look(site, { searchElsewhere: false });
        return cluster.uid !== record.clusterUid
            ? kept
            : {
                  ...kept,
                  outputs: {
                      ...kept.outputs,
                      record: recorded(record, {
                          roleArn: subject.roleArn,
                          detachFromNodeRoles,
                          detachPolicyArns: state.detachPolicyArns,
                          nodeRoles: account.nodeRoles,
                      }),
                  },
              };
    });
}

function approvalOf({ subject, roleUniqueId }: CredentialGuardInputs): string {
    return `${subject.roleArn} ${roleUniqueId}`.trim();
}
