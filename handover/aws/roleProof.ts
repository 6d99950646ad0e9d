import type { Proof, ProofRequest } from "../model/proof";
import { assume, inAnotherAccount } from "./assumeRole";
import type { Clients } from "./awsClients";
import { tryInSession, untried } from "./dryRuns";
import { nodeOf } from "./nodeArguments";
import { askedActions, provePermissions } from "./permissionsProof";
import { provePodIdentity } from "./podIdentityProof";
import { refusedHereAlone } from "./refusedTrust";

/**
 * Collects evidence, from the machine that runs Pulumi, that aws-node can use the role: its token can assume the role, and the session
 * has the plugin's permissions. It proves nothing about the nodes' network.
 */
export async function prove(clients: Clients, account: string, request: ProofRequest): Promise<Proof> {
    const { roleArn, token, podIdentity } = request;
    if (podIdentity !== undefined) {
        return provePodIdentity(clients, account, request, podIdentity);
    }
    const foreign = inAnotherAccount(roleArn, account);
    if (foreign !== undefined) {
        return foreign;
    }
    const assumed = await assume(clients, roleArn, token);
    if ("refused" in assumed) {
        const { refused, words } = assumed;
        const why = refused.code === "trust-refused" ? await refusedHereAlone(clients, request, words) : undefined;
        return why === undefined ? refused : provedFromOutside(clients, request, why);
    }
    const first = `STS in ${await clients.region()} issues a session of ${roleArn} for the service account's token`;
    if (request.depth === "assumeRole") {
        return { verdict: "yes", evidence: [first] };
    }
    const node = await nodeOf(clients, request);
    const tried = await tryInSession(clients, { keys: assumed.session, token }, askedActions(request), node);
    const verdict = await provePermissions(clients, request, tried, node);
    return verdict.verdict === "no" ? verdict : { ...verdict, evidence: [first, ...verdict.evidence] };
}

/** Without a session, only IAM's policy simulator can tell something about the role's permissions. The canary decides the rest. */
async function provedFromOutside(clients: Clients, request: ProofRequest, why: string): Promise<Proof> {
    if (request.depth === "assumeRole") {
        return { verdict: "undecided", why, evidence: [] };
    }
    const tried = askedActions(request).map(untried);
    const verdict = await provePermissions(clients, request, tried, await nodeOf(clients, request));
    switch (verdict.verdict) {
        case "no":
            return verdict;
        case "undecided":
            return { ...verdict, why: `${why} ${verdict.why}` };
        case "yes":
            return { verdict: "undecided", why, evidence: verdict.evidence };
    }
}
