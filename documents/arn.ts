/**
 * Parses ARNs.
 *
 * Any partition is accepted (`aws`, `aws-cn`, `aws-us-gov`, `aws-iso-b`, `aws-eusc`, …), since a list would lack new ones.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */

/** The parts of an IAM OIDC provider's ARN. */
export interface OidcProvider {
    arn: string;
    partition: string;
    accountId: string;
    /** The issuer URL without `https://`, with its path and case: the prefix of the trust policy's condition keys. */
    issuer: string;
}

/** The parts of an IAM role's ARN. */
export interface RoleReference {
    partition: string;
    accountId: string;
    /** Starts and ends with a slash. */
    path: string;
    name: string;
}

/** The parts of a managed policy's ARN. */
export interface ManagedPolicyReference {
    partition: string;
    /** The account of a customer managed policy, or `aws` for an AWS managed one. */
    owner: string;
    /** Starts and ends with a slash. */
    path: string;
    name: string;
}

/** The parts of an EKS cluster's ARN. */
export interface ClusterReference {
    partition: string;
    region: string;
    accountId: string;
    name: string;
}

const PARTITION = "(aws(?:-[a-z0-9]+)*)";
const ACCOUNT = "(\\d{12})";
/**
 * Host and path of an issuer URL. Characters with a meaning in a policy (`*`, `?`, `$`, `{`, `}`) cannot occur. IAM accepts URLs
 * of up to 255 characters, including `https://`.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
 */
const ISSUER = "([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\\d{1,5})?(?:/[A-Za-z0-9._~%-]+)*)";
const ISSUER_MAX = 255 - "https://".length;

/** No capturing group is optional, so each one has a value in every match. */
const OIDC_PROVIDER_ARN = new RegExp(`^arn:${PARTITION}:iam::${ACCOUNT}:oidc-provider/${ISSUER}$`);
const ROLE_ARN = new RegExp(`^arn:${PARTITION}:iam::${ACCOUNT}:role(/(?:[!-.0-~]+/)*)([\\w+=,.@-]{1,64})$`);
const POLICY_ARN = new RegExp(`^arn:${PARTITION}:iam::(\\d{12}|aws):policy(/(?:[!-.0-~]+/)*)([\\w+=,.@-]{1,128})$`);

/**
 * Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html (cluster),
 * https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html (name)
 */
const CLUSTER_ARN = new RegExp(
    `^arn:${PARTITION}:eks:([a-z]+(?:-[a-z]+)+-\\d+):${ACCOUNT}:cluster/([0-9A-Za-z][A-Za-z0-9_-]{0,99})$`,
);

/** The provider that an ARN names, or undefined if it is not the ARN of an IAM OIDC provider. */
export function parseOidcProviderArn(arn: string): OidcProvider | undefined {
    const found = OIDC_PROVIDER_ARN.exec(arn)?.slice(1) as [string, string, string] | undefined;
    if (found === undefined || found[2].length > ISSUER_MAX) {
        return undefined;
    }
    const [partition, accountId, issuer] = found;
    return { arn, partition, accountId, issuer };
}

/** The role that an ARN names, or undefined if it is not the ARN of an IAM role. */
export function parseRoleArn(arn: string): RoleReference | undefined {
    const found = ROLE_ARN.exec(arn)?.slice(1) as [string, string, string, string] | undefined;
    if (found === undefined) {
        return undefined;
    }
    const [partition, accountId, path, name] = found;
    return { partition, accountId, path, name };
}

/** The managed policy that an ARN names, or undefined if it is not the ARN of a managed policy. */
export function parsePolicyArn(arn: string): ManagedPolicyReference | undefined {
    const found = POLICY_ARN.exec(arn)?.slice(1) as [string, string, string, string] | undefined;
    if (found === undefined) {
        return undefined;
    }
    const [partition, owner, path, name] = found;
    return { partition, owner, path, name };
}

/** The cluster that an ARN names, or undefined if it is not the ARN of an EKS cluster. */
export function parseClusterArn(arn: string): ClusterReference | undefined {
    const found = CLUSTER_ARN.exec(arn)?.slice(1) as [string, string, string, string] | undefined;
    if (found === undefined) {
        return undefined;
    }
    const [partition, region, accountId, name] = found;
    return { partition, region, accountId, name };
}

/** The issuer URL that EKS reports, in the form of an OIDC provider's ARN. */
export function issuerOfUrl(url: string): string {
    return url.replace(/^https:\/\//, "");
}
