import { isDeepStrictEqual } from "node:util";
import { covers, trustedSubjects } from "../../documents/trustedSubjects";
import type { ProofRequest } from "../model/proof";
import type { Clients } from "./awsClients";
import { perimeterOf } from "./perimeter";
import { type FoundTrust, trustPolicyOf } from "./trustPolicyOf";

/**
 * Why a refusal of STS may concern this machine alone. Undefined if nothing shows that.
 *
 * STS does not say who refuses: its answer is the same if the trust policy does not name the token, if a condition on `aws:SourceVpc` is
 * not met, and if a resource control policy denies the call.
 *
 * @param words STS's own.
 */
export async function refusedHereAlone(
    clients: Clients,
    { roleArn, trust }: ProofRequest,
    words: string,
): Promise<string | undefined> {
    if (trust === undefined || !isTrusting(await trustPolicyOf(clients, roleArn), trust, words)) {
        return undefined;
    }
    const why = "issuer" in trust ? "names the service account" : "is the one that the component writes";
    return `STS refuses ${roleArn} to this machine (${words}), and the role's trust policy ${why}: another policy may admit the nodes.`;
}

function isTrusting(found: FoundTrust, trust: NonNullable<ProofRequest["trust"]>, words: string): boolean {
    const document = typeof found === "string" ? undefined : found.document;
    if (!("issuer" in trust)) {
        return isDeepStrictEqual(document, trust);
    }
    const names = trustedSubjects(document).some((one) => one.issuer === trust.issuer && covers(one, trust.subject));
    return names || (found !== "no role" && perimeterOf(words) !== undefined);
}
