import type { IpFamily } from "./programs";

/** What the CNI finds on a node from its earlier starts. */
export interface NodeNetwork {
    /** The interfaces have the CNI's tags. */
    isTagged: boolean;
    /** IPv4: the warm pool is full. IPv6: the interface has a prefix. */
    hasAddresses: boolean;
}

/** A call that ipamd makes while it starts. */
export interface StartCall {
    readonly action: string;
    readonly parameters?: Readonly<Record<string, string>>;
    /** `ends`: the process ends. `delays`: it tries again for a while, and goes on. `warns`: it goes on at once. */
    readonly onFailure: "ends" | "delays" | "warns";
    /** Made only after a call that was delayed. */
    readonly afterDelay?: true;
}

const eni = "eni-00000000000000000";
const onInterface = { NetworkInterfaceId: eni };

/**
 * How long the CNI tries to set up an interface: the product of amazon-vpc-cni-k8s v1.23.1, pkg/ipamd/ipamd.go,
 * eniAttachTime and maxRetryCheckENI.
 */
export const setupRetrySeconds = 50;

/**
 * The calls of the CNI's start in their order, with subnet discovery and without custom networking: amazon-vpc-cni-k8s
 * v1.23.1, pkg/ipamd/ipamd.go, nodeInit.
 *
 * Interfaces that have their tags are not tagged again (pkg/awsutils/awsutils.go, TagENI). Addresses are assigned only where
 * there are too few: on IPv4 the process ends if that is denied (ipamd.go, handlePreScaling), on IPv6 it goes on (ipamd.go,
 * setupENI). Without DescribeSubnets, setupENI returns before it has recorded the addresses that an IPv4 interface has
 * (addENIsecondaryIPsToDataStore): the pool seems empty, and the CNI assigns.
 */
export function startCalls(ipFamily: IpFamily, { isTagged, hasAddresses }: NodeNetwork): StartCall[] {
    const tag: StartCall[] = isTagged
        ? []
        : [{ action: "CreateTags", parameters: { "ResourceId.1": eni }, onFailure: "ends" }];
    // awsutils.go, RefreshSGIDs: at each start, all security groups are new.
    const securityGroups: StartCall = {
        action: "ModifyNetworkInterfaceAttribute",
        parameters: onInterface,
        onFailure: "warns",
    };
    const describe: StartCall = { action: "DescribeNetworkInterfaces", onFailure: "ends" };
    const assignIpv6: StartCall[] = hasAddresses
        ? []
        : [{ action: "AssignIpv6Addresses", parameters: onInterface, onFailure: "delays" }];
    const assignIpv4: StartCall = {
        action: "AssignPrivateIpAddresses",
        parameters: onInterface,
        onFailure: "ends",
        ...(hasAddresses && { afterDelay: true }),
    };
    return ipFamily === "ipv4"
        ? [describe, ...tag, { action: "DescribeSubnets", onFailure: "delays" }, securityGroups, assignIpv4]
        : [describe, { action: "DescribeSubnets", onFailure: "ends" }, ...tag, ...assignIpv6, securityGroups];
}

/**
 * The calls that tell whether the CNI can go on with its work: it looks at its interfaces and assigns addresses to pods
 * (awsutils.go).
 */
export const workCalls: Readonly<Record<IpFamily, readonly Omit<StartCall, "onFailure">[]>> = {
    ipv4: [{ action: "DescribeNetworkInterfaces" }, { action: "AssignPrivateIpAddresses", parameters: onInterface }],
    ipv6: [{ action: "DescribeNetworkInterfaces" }, { action: "AssignIpv6Addresses", parameters: onInterface }],
};
