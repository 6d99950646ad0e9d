import { OidcProvider } from "./arn";
import { PolicyDocument, PolicyStatement } from "./policyDocument";

export interface ServiceAccountName {
    namespace: string;
    name: string;
}

/**
 * The audience of the tokens that the pod identity webhook projects. It is `sts.amazonaws.com` in every partition, China
 * too: `sts.amazonaws.com.cn` is refused as "Incorrect token audience"
 * (https://github.com/terraform-aws-modules/terraform-aws-eks/issues/1704).
 */
export const TOKEN_AUDIENCE = "sts.amazonaws.com";

/** Sizes in characters, white space not counted: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const TRUST_POLICY_DEFAULT_QUOTA = 2048;
export const TRUST_POLICY_MAXIMUM = 8192;

/**
 * Who may assume the CNI role: the tokens of exactly one service account, of exactly the clusters whose OIDC providers are
 * given. One statement a provider, since the condition keys carry the issuer's name.
 *
 * The order of the statements means nothing to IAM, so they are sorted: no input order can cause an update.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 */
export function trustPolicy(providers: OidcProvider[], serviceAccount: ServiceAccountName): PolicyDocument {
    return {
        Version: "2012-10-17",
        Statement: [...providers].sort(byArn).map((p) => trustStatement(p, serviceAccount)),
    };
}

function trustStatement({ arn, issuer }: OidcProvider, { namespace, name }: ServiceAccountName): PolicyStatement {
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

/** By code unit, so that the order does not depend on the machine's locale. */
function byArn(a: OidcProvider, b: OidcProvider): number {
    return a.arn < b.arn ? -1 : 1;
}
