/**
 * The kinds of policies that deny a call for where it comes from, or for who makes it, whatever the role's own policies allow: a data
 * perimeter. The nodes may be inside of it, and the machine that runs Pulumi outside.
 *
 * AWS's words: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html#access-denied-error-examples
 */
const DENIED_BY_PERIMETER =
    /(?:with an explicit deny in an?|because no) (service control policy|resource control policy|VPC endpoint policy)\b/i;

/** The kind of policy that AWS names in a denial, if it is one of a data perimeter: `service control policy`, for example. */
export function perimeterOf(words: string): string | undefined {
    return DENIED_BY_PERIMETER.exec(words)?.[1];
}
