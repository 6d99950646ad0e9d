/** The EC2 calls of the Amazon VPC CNI plugin, as IAM authorises them. */
export interface CniAction {
    /** As `ec2:AttachNetworkInterface`. */
    readonly action: string;
    /**
     * The types of resources that a policy must allow it on; empty where a policy can only say `*`.
     * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
     */
    readonly on: readonly Ec2ResourceType[];
    /** Whether it can be tried without being done (the parameter DryRun of the EC2 API Reference). */
    readonly dryRun: boolean;
}

export type Ec2ResourceType = "instance" | "network-interface" | "security-group" | "subnet";

/**
 * What the plugin needs on an IPv4 cluster: AmazonEKS_CNI_Policy without `ec2:DescribeSecurityGroups`, which came with its
 * version of March 2026 and which the plugin's own scope-down policy does without.
 *
 * Sources: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKS_CNI_Policy.html and
 * https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md
 */
const IPV4: readonly CniAction[] = [
    withoutDryRun("ec2:AssignPrivateIpAddresses"),
    withoutDryRun("ec2:UnassignPrivateIpAddresses"),
    tried("ec2:AttachNetworkInterface", "instance", "network-interface"),
    tried("ec2:CreateNetworkInterface", "network-interface", "security-group", "subnet"),
    tried("ec2:DeleteNetworkInterface", "network-interface"),
    tried("ec2:DetachNetworkInterface", "instance", "network-interface"),
    tried("ec2:ModifyNetworkInterfaceAttribute", "network-interface"),
    tried("ec2:CreateTags", "network-interface"),
    tried("ec2:DescribeInstances"),
    tried("ec2:DescribeInstanceTypes"),
    tried("ec2:DescribeNetworkInterfaces"),
    tried("ec2:DescribeSubnets"),
    tried("ec2:DescribeTags"),
];

/** What the plugin needs on an IPv6 cluster: the actions of `ipv6CniPolicy` in cniPermissions.ts. */
const IPV6: readonly CniAction[] = [
    withoutDryRun("ec2:AssignIpv6Addresses"),
    tried("ec2:CreateTags", "network-interface"),
    tried("ec2:DescribeInstances"),
    tried("ec2:DescribeInstanceTypes"),
    tried("ec2:DescribeNetworkInterfaces"),
    tried("ec2:DescribeSecurityGroups"),
    tried("ec2:DescribeSubnets"),
    tried("ec2:DescribeTags"),
];

/** What the plugin needs, by the cluster's IP family. */
export const CNI_ACTIONS: Readonly<Record<"ipv4" | "ipv6", readonly CniAction[]>> = { ipv4: IPV4, ipv6: IPV6 };

/**
 * The calls that change interfaces or addresses. Who may make one of them can do the plugin's work, or part of it; reading
 * (AmazonEKSWorkerNodePolicy) and tagging alone are other things' rights as well.
 */
export const INTERFACE_ACTIONS: readonly string[] = [
    "ec2:AssignIpv6Addresses",
    "ec2:AssignPrivateIpAddresses",
    "ec2:AttachNetworkInterface",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DetachNetworkInterface",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:UnassignIpv6Addresses",
    "ec2:UnassignPrivateIpAddresses",
];

/** The four calls have no parameter DryRun: sent with one they would be done, or refused as wrong. */
function withoutDryRun(action: string): CniAction {
    return { action, on: ["network-interface"], dryRun: false };
}

function tried(action: string, ...on: Ec2ResourceType[]): CniAction {
    return { action, on, dryRun: true };
}
