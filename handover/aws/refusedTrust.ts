import { parseRoleArn } from "../../documents/arn";
import { type TokenClaims, trustOfToken } from "../../documents/trustOfToken";
import type { ProofRequest } from "../model/proof";
import type { Clients } from "./awsClients";
import { perimeterOf } from "./perimeter";
import { trustPolicyOf } from "./trustPolicyOf";

/**
 * Why the nodes may be able to assume a role that STS refuses to this machine. Undefined if the role itself refuses the token.
 *
 * STS does not say who refuses: its answer is the same if the trust policy does not name the token, if a condition on `aws:SourceVpc` is
 * not met, and if a resource control policy denies the call.
 *
 * @param words STS's own.
 */
export async function admittedElsewhere(
    clients: Clients,
    { roleArn, token, readTrust = false }: ProofRequest,
    words: string,
): Promise<string | undefined> {
    const refused = `STS refuses ${roleArn} to this machine (${words})`;
    const found = readTrust ? await trustPolicyOf(clients, roleArn) : "not read";
    if (found === "no role") {
        return undefined;
    }
    const perimeter = perimeterOf(words);
    if (perimeter !== undefined) {
        return `${refused}: a ${perimeter} may admit the nodes.`;
    }
    const claims = claimsOf(token);
    if (found === "not read" || claims === undefined) {
        return undefined;
    }
    const { partition = "aws", accountId = "" } = parseRoleArn(roleArn) ?? {};
    const provider = `arn:${partition}:iam::${accountId}:oidc-provider/${claims.issuer}`;
    const trust = trustOfToken(found.document, claims, provider);
    switch (trust.admits) {
        case "no":
            return undefined;
        case "yes":
            return `${refused}, although the role's trust policy admits the token: a resource control policy or a VPC endpoint policy may admit the nodes.`;
        case "depends":
            return `${refused}: the role's trust policy admits the token under conditions on ${trust.keys.join(", ")}, which the nodes may meet.`;
    }
}

/** Undefined if the token is no JWT of an issuer. */
function claimsOf(token: string): TokenClaims | undefined {
    try {
        const { iss, sub, aud } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
            iss: string;
            sub: string;
            aud: string | string[];
        };
        return { issuer: iss.replace(/^https:\/\//, ""), subject: sub, audiences: [aud].flat() };
    } catch {
        return undefined;
    }
}
