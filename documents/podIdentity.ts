import type { PolicyDocument } from "./policyDocument";
import type { ServiceAccountName } from "./trustPolicy";

/** The service that assumes a role for the pods of an association: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html */
export const POD_IDENTITY_SERVICE = "pods.eks.amazonaws.com";

/** The audience of the token for the Pod Identity agent: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html */
export const POD_IDENTITY_AUDIENCE = "pods.eks.amazonaws.com";

/** The actions that the service needs: it also tags the session. */
export const POD_IDENTITY_ACTIONS = ["sts:AssumeRole", "sts:TagSession"];

/** The variables that the pod identity webhook sets for an association. */
export const CREDENTIALS_URI_VARIABLE = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
export const CREDENTIALS_TOKEN_VARIABLE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/**
 * The addresses of the agent on a node, for IPv4 and for IPv6.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
 */
export const AGENT_HOSTS = ["169.254.170.23", "[fd00:ec2::23]"];

/** The service account of one cluster that a role trusts. */
export interface AssociatedAccount {
    readonly clusterArn: string;
    readonly serviceAccount: ServiceAccountName;
}

/** The condition keys for these session tags: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html */
export const REQUEST_TAGS = {
    namespace: "aws:RequestTag/kubernetes-namespace",
    serviceAccount: "aws:RequestTag/kubernetes-service-account",
    clusterArn: "aws:RequestTag/eks-cluster-arn",
} as const;

/** The session tags of a pod that decide whether the role trusts it, by condition key. */
export function requestTags({ clusterArn, serviceAccount }: AssociatedAccount): Record<string, string> {
    return {
        [REQUEST_TAGS.namespace]: serviceAccount.namespace,
        [REQUEST_TAGS.serviceAccount]: serviceAccount.name,
        [REQUEST_TAGS.clusterArn]: clusterArn,
    };
}

/**
 * The trust policy of a CNI role for EKS Pod Identity.
 *
 * It trusts the service for exactly one service account of exactly one cluster. Without the conditions, an association of any cluster of the account
 * could use the role.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
 */
export function podIdentityTrustPolicy(account: AssociatedAccount): PolicyDocument {
    return {
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Principal: { Service: POD_IDENTITY_SERVICE },
                Action: POD_IDENTITY_ACTIONS,
                Condition: { StringEquals: requestTags(account) },
            },
        ],
    };
}
