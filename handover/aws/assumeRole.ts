import { parseRoleArn } from "../../documents/arn";
import type { Proof, ProofFailure } from "../model/proof";
import type { Clients, SessionKeys } from "./awsClients";
import { errorCodeOf, isThrottled, isUnreachable, messageOf, unknownRefusal } from "./awsErrors";
import { activationOf, isRegionDisabled } from "./stsRegion";

/** Shown as roleSessionName in CloudTrail, so that a security team recognises the session. */
export const PROOF_SESSION_NAME = "eks-cni-proof";

/** The shortest session that STS grants, in seconds. */
const SESSION_SECONDS = 900;

export type Assumed =
    | { readonly session: SessionKeys }
    /** `words`: STS's own. */
    | { readonly refused: Extract<Proof, { verdict: "no" }>; readonly words: string };

/** Assumes the role with the token, at the STS endpoint of the cluster's region, as the CNI does. */
export async function assume(clients: Clients, roleArn: string, token: string): Promise<Assumed> {
    const { AssumeRoleWithWebIdentityCommand } = await import("./awsSdk");
    const command = new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn,
        RoleSessionName: PROOF_SESSION_NAME,
        WebIdentityToken: token,
        DurationSeconds: SESSION_SECONDS,
    });
    try {
        const { Credentials } = await (await clients.anonymousSts()).send(command);
        const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
        return { session: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken } };
    } catch (error) {
        // STS quotes the parameter that it rejects, which may be the token.
        const secrets = [token, ...clients.secrets];
        const words = messageOf(error, secrets);
        const failure = failureOf(errorCodeOf(error), words, error);
        if (failure === undefined) {
            throw unknownRefusal(error, secrets);
        }
        const region = await clients.region();
        const why = `sts:AssumeRoleWithWebIdentity for ${roleArn} failed in ${region}: ${words}. ${MEANING[failure]}`;
        // IAM may still propagate a role, a trust policy or a provider. Waiting does not activate STS in a region.
        return failure === "sts-region-inactive"
            ? { refused: { verdict: "no", code: failure, why, final: true, fix: activationOf(region) }, words }
            : { refused: { verdict: "no", code: failure, why, final: false }, words };
    }
}

const MEANING: Readonly<Record<Exclude<ProofFailure, "permission-missing">, string>> = {
    "trust-refused":
        "The role does not trust this cluster's service account, or it does not exist, or IAM has not propagated it yet.",
    "provider-missing": "IAM has no OIDC provider for the cluster's issuer in the role's account.",
    "token-refused": "STS does not accept the token that the cluster issued.",
    "sts-region-inactive":
        "STS is deactivated in this region for the role's account, so neither the pods nor the machine that runs Pulumi can use it.",
    "sts-unreachable": "STS did not answer the machine that runs Pulumi.",
};

/**
 * Classifies the errors of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html and their
 * messages (https://repost.aws/knowledge-center/eks-troubleshoot-irsa-errors).
 */
function failureOf(code: string, words: string, error: unknown): keyof typeof MEANING | undefined {
    switch (code) {
        case "AccessDenied":
            return "trust-refused";
        case "InvalidIdentityToken":
            return /No OpenIDConnect provider/i.test(words) ? "provider-missing" : "token-refused";
        case "ExpiredToken":
        case "IDPCommunicationError":
        case "IDPRejectedClaim":
            return "token-refused";
        default:
            return isRegionDisabled(error)
                ? "sts-region-inactive"
                : isUnreachable(error) || isThrottled(error)
                  ? "sts-unreachable"
                  : undefined;
    }
}

/** The hand-over does not use a role of another account, and waiting does not change that. */
export function inAnotherAccount(roleArn: string, account: string): Extract<Proof, { verdict: "no" }> | undefined {
    const owner = parseRoleArn(roleArn)?.accountId;
    const why = `The role ${roleArn} is in a different account from the credentials that the live checks use (${account}).`;
    return owner === account ? undefined : { verdict: "no", code: "trust-refused", why, final: true };
}
