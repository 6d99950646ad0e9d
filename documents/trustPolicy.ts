import { OidcProvider } from "./arn";
import { PolicyDocument, PolicyStatement } from "./policyDocument";

export interface ServiceAccountName {
    namespace: string;
    name: string;
}

type TrustedProvider = Pick<OidcProvider, "arn" | "issuer">;

/**
 * The audience of the tokens that the pod identity webhook projects.
 *
 * It is `sts.amazonaws.com` in every partition, including China: `sts.amazonaws.com.cn` is rejected with "Incorrect token
 * audience" (https://github.com/terraform-aws-modules/terraform-aws-eks/issues/1704).
 */
export const TOKEN_AUDIENCE = "sts.amazonaws.com";

/** Quotas in characters, without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const TRUST_POLICY_DEFAULT_QUOTA = 2048;
export const TRUST_POLICY_MAXIMUM = 8192;

/**
 * The trust policy of the CNI role.
 *
 * It trusts the tokens of exactly one service account, of exactly the clusters whose OIDC providers are given. Each provider has
 * its own statement, since the condition keys contain the issuer.
 *
 * The statements are sorted, so that a different order of the inputs does not cause an update. IAM ignores their order.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 */
export function trustPolicy(providers: TrustedProvider[], serviceAccount: ServiceAccountName): PolicyDocument {
    return {
        Version: "2012-10-17",
        Statement: [...providers].sort(byArn).map((p) => trustStatement(p, serviceAccount)),
    };
}

function trustStatement({ arn, issuer }: TrustedProvider, { namespace, name }: ServiceAccountName): PolicyStatement {
    return {
        Effect: "Allow",
        Principal: { Federated: arn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
            StringEquals: {
                [`${issuer}:aud`]: TOKEN_AUDIENCE,
                [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${name}`,
            },
        },
    };
}

/** Compares code units, so that the order does not depend on the machine's locale. */
function byArn(a: TrustedProvider, b: TrustedProvider): number {
    return a.arn < b.arn ? -1 : 1;
}
