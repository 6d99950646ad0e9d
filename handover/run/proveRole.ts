import { trustPolicy } from "../../documents/trustPolicy";
import { repairOf, waysOut } from "../decide/roleDrift";
import type { FailedProof, Proof, ProofRequest } from "../model/proof";
import { refusals } from "../model/refusals";
import type { Subject, Timeouts } from "../model/subject";
import type { ClusterSeen, World } from "../model/world";
import type { RunContext } from "../observe/runContext";
import { issuerOfToken } from "../observe/tokenIssuer";
import { instanceForProof } from "../observe/undecidedActions";

/** How much the proof tests before anything is changed. */
export type ProofDepth = "full" | "assumeRole" | "off";

export interface ProofInputs {
    readonly subject: Subject;
    readonly proof: ProofDepth;
    readonly timeouts: Timeouts;
    /** Whether the component writes the role's trust policy. */
    readonly isOwn: boolean;
    /** Whether the role was approved before, so that pods may carry it. */
    readonly inUse?: boolean;
}

/** How often the proof is repeated while IAM propagates a change. */
export const PROVE_EVERY_MILLISECONDS = 2000;

/** A refusal is usual for so long after IAM has created a role, and needs no attention. */
const USUAL_MILLISECONDS = 20_000;

/** Repeats the proof until the time limit, since STS and EC2 know a new role only after seconds. */
export async function prove(
    context: RunContext,
    { subject, proof, timeouts, isOwn, inUse = false }: ProofInputs,
    world: Pick<World, "cluster">,
): Promise<void> {
    if (proof === "off") {
        context.progress("proof: off, the canary alone decides");
        return;
    }
    const started = context.now();
    const deadline = started + timeouts.proofSeconds * 1000;
    let said = "";
    const { pods, daemonSet } = world.cluster;
    // Another role of an association reaches pods that do not restart, so no canary is the first to use it.
    const isTestedByStart = !inUse && pods.length > 0 && subject.podIdentityDelivered !== true;
    const start = isTestedByStart ? { start: { settings: daemonSet?.settings } } : {};
    const requested = async () => ({ ...(await proofRequest(context, subject, proof, world.cluster)), ...start });
    for (;;) {
        const first = await context.aws.prove(await requested());
        const late = context.now() >= deadline;
        // Before, IAM may still propagate the role.
        const isRefused = late && (inUse || isOwn) && isRefusedTrust(first);
        const answer = isRefused ? await context.aws.prove(withTrust(await requested(), subject, inUse)) : first;
        if (answer.verdict === "yes") {
            context.progress(`proof: ${provedLine(subject)}`);
            return;
        }
        // IAM's simulator knows of a policy before EC2 enforces it, so what is undecided now may be decided soon.
        if (answer.verdict === "undecided" && (late || answer.final === true || isFromOutside(subject))) {
            context.progress(`proof: undecided, the canary decides (${answer.why})`);
            return;
        }
        if (answer.verdict === "no" && (answer.final || late)) {
            throw refusals.proofFailed(withRepair(answer, { subject, isOwn, inUse }), subject);
        }
        const line =
            context.now() - started < USUAL_MILLISECONDS
                ? "AWS does not accept the role yet, as is usual in the first seconds after a change"
                : answer.why.replace(/\.$/, "");
        if (line !== said) {
            context.progress(`proof: ${line}; trying again for up to ${String(timeouts.proofSeconds)} s`);
            said = line;
        }
        await context.sleep(PROVE_EVERY_MILLISECONDS);
    }
}

const REFUSED_HERE_ALONE =
    "If the role's trust policy does not name the issuer, the service account and the audience, its owner has to correct it. If a policy admits only the nodes, and not the " +
    'machine that runs Pulumi, set proof: "off". Then run pulumi up: the canary still runs.';

function provedLine(subject: Subject): string {
    return isFromOutside(subject)
        ? `${subject.roleArn} trusts EKS Pod Identity for the service account and has the permissions, as far as this machine can tell`
        : `a token of the service account can use ${subject.roleArn}`;
}

/** No session is tried, so that nothing that is undecided now is decided by waiting. */
function isFromOutside({ delivery }: Subject): boolean {
    return delivery === "podIdentity";
}

function isRefusedTrust(answer: Proof): boolean {
    return answer.verdict === "no" && answer.code === "trust-refused" && !answer.final;
}

/** Pods start with an own role only if its trust policy, as IAM shows it now, is the component's. */
function withTrust(request: ProofRequest, subject: Subject, inUse: boolean): ProofRequest {
    if (inUse) {
        return ofRoleInUse(request, subject);
    }
    const { roleArn, issuers, serviceAccount } = subject;
    const provider = roleArn.replace(/:role\/.*$/, ":oidc-provider/");
    const providers = issuers.map((issuer) => ({ arn: `${provider}${issuer}`, issuer }));
    return { ...request, trust: trustPolicy(providers, serviceAccount) };
}

/** A role that pods carry, or carried before, is not lost if its trust policy still names their service account. */
export function ofRoleInUse(request: ProofRequest, { serviceAccount: { namespace, name } }: Subject): ProofRequest {
    const issuer = issuerOfToken(request.token) ?? "";
    return { ...request, trust: { issuer, subject: `system:serviceaccount:${namespace}:${name}` } };
}

/** A request with a new token, and with an instance of the cluster for the DryRun calls. */
export async function proofRequest(
    { cluster }: RunContext,
    { roleArn, ipFamily, delivery, clusterArn = "", serviceAccount }: Subject,
    depth: ProofRequest["depth"],
    { nodes }: ClusterSeen,
): Promise<ProofRequest> {
    const instanceId = instanceForProof({ nodes });
    if (delivery === "podIdentity") {
        return { roleArn, token: "", ipFamily, depth, instanceId, podIdentity: { clusterArn, serviceAccount } };
    }
    return { roleArn, token: await cluster.requestToken(), ipFamily, depth, instanceId };
}

/**
 * A role that pods carry has lost its rights: there is also the way back. For another one, only a missing provider has an exact command, and a policy
 * may refuse the role of another owner to this machine alone. STS that does not answer says nothing about the role.
 */
function withRepair(
    answer: FailedProof,
    { subject, isOwn, inUse }: Required<Pick<ProofInputs, "subject" | "isOwn" | "inUse">>,
): FailedProof {
    if (inUse && answer.code !== "sts-unreachable") {
        return { ...answer, fix: waysOut(answer, subject) };
    }
    if (!isOwn && isRefusedTrust(answer) && !isFromOutside(subject)) {
        return { ...answer, fix: REFUSED_HERE_ALONE };
    }
    return answer.code === "provider-missing" ? { ...answer, fix: repairOf(answer.code, subject) } : answer;
}
