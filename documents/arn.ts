/**
 * ARNs, taken apart. A partition is whatever the ARN names (`aws`, `aws-cn`, `aws-us-gov`, `aws-iso-b`, `aws-eusc`, …):
 * there is no list here that a new partition would make wrong.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */

/** An IAM OpenID Connect provider, as its ARN names it. */
export interface OidcProvider {
    arn: string;
    partition: string;
    accountId: string;
    /** The issuer URL without `https://`, path and case kept: it is the prefix of the trust policy's condition keys. */
    issuer: string;
}

/** An IAM role, as its ARN names it. */
export interface RoleReference {
    partition: string;
    accountId: string;
    /** Starts and ends with a slash. */
    path: string;
    name: string;
}

/** A managed policy, as its ARN names it. */
export interface ManagedPolicyReference {
    partition: string;
    /** The account of a customer managed policy, or `aws` for an AWS managed one. */
    owner: string;
    /** Starts and ends with a slash. */
    path: string;
    name: string;
}

const PARTITION = "(aws(?:-[a-z0-9]+)*)";
const ACCOUNT = "(\\d{12})";
/**
 * Host and path of an issuer URL. The characters that have a meaning in a policy (`*`, `?`, `$`, `{`, `}`) cannot occur.
 * IAM takes the URL at most 255 characters long, `https://` included.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
 */
const ISSUER = "([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\\d{1,5})?(?:/[A-Za-z0-9._~%-]+)*)";
const ISSUER_MAX = 255 - "https://".length;

/** Each group takes part in every match. */
const OIDC_PROVIDER_ARN = new RegExp(`^arn:${PARTITION}:iam::${ACCOUNT}:oidc-provider/${ISSUER}$`);
const ROLE_ARN = new RegExp(`^arn:${PARTITION}:iam::${ACCOUNT}:role(/(?:[!-.0-~]+/)*)([\\w+=,.@-]{1,64})$`);
const POLICY_ARN = new RegExp(`^arn:${PARTITION}:iam::(\\d{12}|aws):policy(/(?:[!-.0-~]+/)*)([\\w+=,.@-]{1,128})$`);

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

/** The issuer URL that EKS reports, in the form that an OIDC provider's ARN has it. */
export function issuerOfUrl(url: string): string {
    return url.replace(/^https:\/\//, "");
}
