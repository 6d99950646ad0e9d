import type { AssociatedAccount } from "../../documents/podIdentity";
import { trustOfPodIdentity } from "../../documents/trustOfPodIdentity";
import type { Proof, ProofRequest } from "../model/proof";
import { inAnotherAccount } from "./assumeRole";
import type { Clients } from "./awsClients";
import { untried } from "./dryRuns";
import { askedActions, provePermissions } from "./permissionsProof";
import { trustPolicyOf } from "./trustPolicyOf";

/**
 * Collects evidence, from the machine that runs Pulumi, that EKS Pod Identity can give the pods the role: the role's trust policy admits the service
 * with the session tags of these pods, and IAM's policy simulator allows the plugin's permissions.
 *
 * The canary decides the rest. Another role of an association is proved by a session, too (podSession.ts).
 */
export async function provePodIdentity(
    clients: Clients,
    account: string,
    request: ProofRequest,
    associated: AssociatedAccount,
): Promise<Proof> {
    const { roleArn, depth } = request;
    const foreign = inAnotherAccount(roleArn, account);
    if (foreign !== undefined) {
        return foreign;
    }
    const trust = await provedTrust(clients, roleArn, associated);
    if (trust.verdict === "no" || depth === "assumeRole") {
        return trust;
    }
    const permissions = await provePermissions(clients, request, askedActions(request).map(untried));
    if (permissions.verdict === "no") {
        return permissions;
    }
    const evidence = [...trust.evidence, ...permissions.evidence];
    const open = [trust, permissions].flatMap((proof) => ("why" in proof ? [proof.why] : []));
    return open.length === 0 ? { verdict: "yes", evidence } : { verdict: "undecided", why: open.join(" "), evidence };
}

async function provedTrust(clients: Clients, roleArn: string, associated: AssociatedAccount): Promise<Proof> {
    const found = await trustPolicyOf(clients, roleArn);
    if (found === "not read") {
        return {
            verdict: "undecided",
            why: `The trust policy of ${roleArn} could not be read.`,
            evidence: [],
        };
    }
    const trust = found === "no role" ? undefined : trustOfPodIdentity(found.document, associated);
    const { namespace, name } = associated.serviceAccount;
    switch (trust) {
        case "yes":
            return {
                verdict: "yes",
                evidence: [
                    `${roleArn} trusts pods.eks.amazonaws.com for ${namespace}/${name} of ${associated.clusterArn}`,
                ],
            };
        case "undecided":
            return {
                verdict: "undecided",
                why: `The trust policy of ${roleArn} has conditions for pods.eks.amazonaws.com that only a call of the service tests.`,
                evidence: [],
            };
        default:
            return {
                verdict: "no",
                code: "trust-refused",
                why:
                    trust === undefined
                        ? `The role ${roleArn} does not exist, or IAM has not propagated it yet.`
                        : `The trust policy of ${roleArn} does not let pods.eks.amazonaws.com call sts:AssumeRole and sts:TagSession for ${namespace}/${name} of ${associated.clusterArn}.`,
                final: false,
            };
    }
}
