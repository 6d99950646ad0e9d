/**
 * Whether AWS names a service control policy as the reason why it denied an action: an explicit deny, or a policy that allows other
 * actions alone.
 *
 * AWS names one policy type, and these words follow the action, or its resource. A denial that is passed on ("with an explicit deny in
 * a VPC endpoint policy transitively through a service control policy") is another one, and so are those of resource control
 * policies, permissions boundaries, session policies, and identity-based and resource-based policies.
 *
 * Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html for the words of each policy type;
 * https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns for the policy's ARN after them;
 * https://repost.aws/knowledge-center/organizations-troubleshoot-explicit-deny-scp and
 * https://github.com/ekristen/aws-nuke/issues/387 for EC2's answers, which begin with another sentence;
 * https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/2322 for an AccessDeniedException like that of EKS.
 */
export function isDeniedByServiceControlPolicy(words: string, action: string): boolean {
    return DENIALS.some((denial) => denial.exec(words)?.[1]?.toLowerCase() === action.toLowerCase());
}

const DENIALS = [
    /is not authorized to perform:\s+(\S+)(?:\s+on resource:\s+\S+)?\s+with an explicit deny in a service control policy(?!\s+transitively)\b/,
    /is not authorized to perform:\s+(\S+)(?:\s+on resource:\s+\S+)?\s+because no service control policy allows the \S+ action\b/,
];
