import type { PodCredentials } from "./podCredentials";
import type { IpFamily } from "./programs";
import { onInterface } from "./warmPool";

const tags = { "ResourceId.1": onInterface.NetworkInterfaceId };

/** What the CNI may have to call at some time, in every mode: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md */
const calls: Readonly<Record<IpFamily, readonly (readonly [string, Readonly<Record<string, string>>?])[]>> = {
    ipv4: [
        ["DescribeNetworkInterfaces"],
        ["AssignPrivateIpAddresses", onInterface],
        ["UnassignPrivateIpAddresses", onInterface],
        ["AttachNetworkInterface", onInterface],
        ["CreateNetworkInterface"],
        ["DeleteNetworkInterface", onInterface],
        ["DetachNetworkInterface"],
        ["ModifyNetworkInterfaceAttribute", onInterface],
        ["DescribeInstances"],
        ["DescribeInstanceTypes"],
        ["DescribeSubnets"],
        ["DescribeTags"],
        ["CreateTags", tags],
    ],
    ipv6: [
        ["DescribeNetworkInterfaces"],
        ["AssignIpv6Addresses", onInterface],
        ["DescribeInstances"],
        ["DescribeInstanceTypes"],
        ["DescribeSubnets"],
        ["DescribeTags"],
        ["CreateTags", tags],
    ],
};

/**
 * Asks whether a pod has a path to every permission of the CNI, whatever the CNI itself does at that moment: with the pod's credentials, and
 * with the authorisation of the calls themselves. Rejects with the first one that is not granted.
 */
export async function probePath(credentials: PodCredentials, ipFamily: IpFamily): Promise<void> {
    for (const [action, parameters] of calls[ipFamily]) {
        await credentials.ec2(action, parameters);
    }
}
