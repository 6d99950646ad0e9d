/** An EC2 call of the Amazon VPC CNI plugin, as IAM authorises it. */
export interface CniAction {
    /** For example `ec2:AttachNetworkInterface`. */
    readonly action: string;
    /**
     * The resource types on which a policy must allow it. Empty if the action supports only `*`.
     * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
     */
    readonly on: readonly Ec2ResourceType[];
    /** Whether the call has the parameter DryRun (EC2 API Reference). */
    readonly dryRun: boolean;
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
    withoutDryRun("ec2:AssignPrivateIpAddresses"),
    withoutDryRun("ec2:UnassignPrivateIpAddresses"),
    withDryRun("ec2:AttachNetworkInterface", "instance", "network-interface"),
    withDryRun("ec2:CreateNetworkInterface", "network-interface", "security-group", "subnet"),
    withDryRun("ec2:DeleteNetworkInterface", "network-interface"),
    withDryRun("ec2:DetachNetworkInterface", "instance", "network-interface"),
    withDryRun("ec2:ModifyNetworkInterfaceAttribute", "network-interface"),
    withDryRun("ec2:CreateTags", "network-interface"),
    withDryRun("ec2:DescribeInstances"),
    withDryRun("ec2:DescribeInstanceTypes"),
    withDryRun("ec2:DescribeNetworkInterfaces"),
    withDryRun("ec2:DescribeSubnets"),
    withDryRun("ec2:DescribeTags"),
];

/** The actions that the plugin needs on an IPv6 cluster: those of `ipv6CniPolicy` in cniPermissions.ts. */
const IPV6: readonly CniAction[] = [
    withoutDryRun("ec2:AssignIpv6Addresses"),
    withDryRun("ec2:CreateTags", "network-interface"),
    withDryRun("ec2:DescribeInstances"),
    withDryRun("ec2:DescribeInstanceTypes"),
    withDryRun("ec2:DescribeNetworkInterfaces"),
    withDryRun("ec2:DescribeSecurityGroups"),
    withDryRun("ec2:DescribeSubnets"),
    withDryRun("ec2:DescribeTags"),
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

/** These calls have no parameter DryRun: sent with it, they would be executed, or rejected as invalid. */
function withoutDryRun(action: string): CniAction {
    return { action, on: ["network-interface"], dryRun: false };
}

function withDryRun(action: string, ...on: Ec2ResourceType[]): CniAction {
    return { action, on, dryRun: true };
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
