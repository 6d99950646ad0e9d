/** An EC2 call of the Amazon VPC CNI plugin, as IAM authorises it. */
export interface CniAction {
    /** For example `ec2:AttachNetworkInterface`. */
    readonly action: string;
    /**
     * The resource types on which a policy must allow it. Empty if the action supports only `*`.
     * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
     */
    readonly on: readonly Ec2ResourceType[];
}

export type Ec2ResourceType = "instance" | "network-interface" | "security-group" | "subnet";

/**
 * The actions that the plugin needs on an IPv4 cluster.
 *
 * They are those of AmazonEKS_CNI_Policy without `ec2:DescribeSecurityGroups`, which its version of March 2026 added and the
 * plugin's own scope-down policy omits.
 *
 * Sources: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKS_CNI_Policy.html and
 * https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md
 */
const IPV4: readonly CniAction[] = [
    authorised("ec2:AssignPrivateIpAddresses", "network-interface"),
    authorised("ec2:UnassignPrivateIpAddresses", "network-interface"),
    authorised("ec2:AttachNetworkInterface", "instance", "network-interface"),
    authorised("ec2:CreateNetworkInterface", "network-interface", "security-group", "subnet"),
    authorised("ec2:DeleteNetworkInterface", "network-interface"),
    authorised("ec2:DetachNetworkInterface", "instance", "network-interface"),
    authorised("ec2:ModifyNetworkInterfaceAttribute", "network-interface"),
    authorised("ec2:CreateTags", "network-interface"),
    authorised("ec2:DescribeInstances"),
    authorised("ec2:DescribeInstanceTypes"),
    authorised("ec2:DescribeNetworkInterfaces"),
    authorised("ec2:DescribeSubnets"),
    authorised("ec2:DescribeTags"),
];

/** The actions that the plugin needs on an IPv6 cluster: those of `ipv6CniPolicy` in cniPermissions.ts. */
const IPV6: readonly CniAction[] = [
    authorised("ec2:AssignIpv6Addresses", "network-interface"),
    authorised("ec2:CreateTags", "network-interface"),
    authorised("ec2:DescribeInstances"),
    authorised("ec2:DescribeInstanceTypes"),
    authorised("ec2:DescribeNetworkInterfaces"),
    authorised("ec2:DescribeSecurityGroups"),
    authorised("ec2:DescribeSubnets"),
    authorised("ec2:DescribeTags"),
];

/** The actions that the plugin needs, by the cluster's IP family. */
export const CNI_ACTIONS: Readonly<Record<"ipv4" | "ipv6", readonly CniAction[]>> = { ipv4: IPV4, ipv6: IPV6 };

/**
 * The actions that change interfaces or addresses.
 *
 * A policy with one of them permits the plugin's work, or part of it. Read actions (AmazonEKSWorkerNodePolicy) and tagging do
 * not count, since policies for other purposes grant them as well.
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

function authorised(action: string, ...on: Ec2ResourceType[]): CniAction {
    return { action, on };
}

/**
 * AmazonEKS_CNI_Policy in its version of March 2026. Its text need not be read, since AWS keeps it sufficient for IPv4.
 *
 * Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKS_CNI_Policy.html
 */
export const MANAGED_CNI_POLICY: unknown = {
    Statement: [
        {
            Effect: "Allow",
            Action: [...IPV4.map(({ action }) => action), "ec2:DescribeSecurityGroups"],
            Resource: "*",
        },
    ],
};
