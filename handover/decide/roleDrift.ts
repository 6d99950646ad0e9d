import { TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import type { FailedProof, Proof, ProofFailure } from "../model/proof";
import type { Subject } from "../model/subject";

/**
 * Why the pods have lost, or will lose, the rights of a role that was proved before, as a refresh shows it.
 *
 * Undefined if the role still works, if this machine cannot tell, or if STS did not answer it: none of these says anything about the
 * pods.
 */
export function roleDriftOf(proof: Proof, subject: Subject): string | undefined {
    if (proof.verdict !== "no" || proof.code === "sts-unreachable") {
        return undefined;
    }
    const effect = proof.code === "permission-missing" ? AT_ONCE : atRenewal(subject);
    return [
        `${subject.delivery === "podIdentity" ? "EKS Pod Identity can no longer give the pods" : "A token of the service account can no longer use"} ${subject.roleArn}: ${proof.why.replace(/\.?$/, ".")}`,
        effect,
        waysOut(proof, subject),
    ].join(" ");
}

/** How to repair a role that pods carry, and the retreat. */
export function waysOut({ code, fix }: Pick<FailedProof, "code" | "fix">, subject: Subject): string {
    return `${fix ?? repairOf(code, subject)} ${RETREAT}`;
}

/** Permissions are evaluated at each call: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html */
const AT_ONCE = "The pods have lost these permissions already.";

/**
 * A session that was issued before keeps working until it ends: after one hour, the default, since the AWS SDK asks for no more. How long the EKS Pod
 * Identity Agent keeps one is not documented.
 *
 * Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html (DurationSeconds)
 */
function atRenewal({ delivery }: Subject): string {
    const when = delivery === "podIdentity" ? "at a time that AWS does not document" : "within the hour";
    return `Running pods keep their permissions until their sessions end, ${when}; a pod that starts now has none.`;
}

const RETREAT = "Or run pulumi destroy: it moves the pods back to the node roles.";

/** The command that repairs the cause. */
export function repairOf(code: ProofFailure, { roleArn, issuers: [issuer = "ISSUER"] }: Subject): string {
    switch (code) {
        case "provider-missing":
            return (
                `Create the provider again (aws iam create-open-id-connect-provider --url https://${issuer} ` +
                `--client-id-list ${TOKEN_AUDIENCE}, or the program that had created it), then run pulumi up.`
            );
        case "token-refused":
            return (
                `If the OIDC provider has lost the audience ${TOKEN_AUDIENCE}, add it again (aws iam add-client-id-to-open-id-connect-provider ` +
                `--open-id-connect-provider-arn ${roleArn.replace(/:role\/.*$/, ":oidc-provider/")}${issuer} ` +
                `--client-id ${TOKEN_AUDIENCE}), then run pulumi up.`
            );
        case "permission-missing":
            return (
                "Run pulumi up --refresh, which attaches the component's policies again. If the document of a policy or of the permissions boundary " +
                "was changed, its owner has to restore it first."
            );
        default:
            return (
                "Run pulumi up --refresh, which restores the trust policy of the component's role. With roleName or additionalOidcProviderArns, it may stop " +
                "with role-narrowed: restore the trust policy in IAM first. Another owner's role is restored by its owner."
            );
    }
}
