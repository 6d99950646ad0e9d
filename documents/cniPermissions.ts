import { PolicyDocument } from "./policyDocument";

/**
 * The AWS managed policy with the permissions of the Amazon VPC CNI plugin on an IPv4 cluster.
 *
 * Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKS_CNI_Policy.html
 */
export function managedCniPolicyArn(partition: string): string {
    return `arn:${partition}:iam::aws:policy/AmazonEKS_CNI_Policy`;
}

/**
 * The generation of `ipv6CniPolicy`. It counts up when an action or a resource leaves the document.
 *
 * The engine then creates another role with another policy, since the pods of the present role would lose the action before
 * anything is proved. An action that is added needs no new generation: the engine changes the policy in place.
 */
export const IPV6_POLICY_GENERATION = 1;

/**
 * The permissions of the Amazon VPC CNI plugin on an IPv6 cluster, for which AWS has no managed policy
 * (https://github.com/aws/containers-roadmap/issues/1843).
 *
 * The EKS user guide lists five read and assign actions. Since version 1.22.1, the plugin also calls DescribeSubnets at startup,
 * and exits if that is denied. DescribeSecurityGroups was added at the same time. This is the list of the plugin's own
 * documentation: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md
 */
export function ipv6CniPolicy(partition: string): PolicyDocument {
    return {
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Action: [
                    "ec2:AssignIpv6Addresses",
                    "ec2:DescribeInstances",
                    "ec2:DescribeInstanceTypes",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeTags",
                ],
                Resource: "*",
            },
            {
                Effect: "Allow",
                Action: ["ec2:CreateTags"],
                Resource: [`arn:${partition}:ec2:*:*:network-interface/*`],
            },
        ],
    };
}
