import type { CniMode } from "./cniMode";
import { type Ec2, type NodeNetwork, onInterface, type WarmPool } from "./warmPool";

/**
 * How long the CNI tries to set up an interface: the product of amazon-vpc-cni-k8s v1.23.1, pkg/ipamd/ipamd.go,
 * eniAttachTime and maxRetryCheckENI.
 */
export const setupRetrySeconds = 50;

/**
 * The calls of the CNI's start in their order, on one interface: amazon-vpc-cni-k8s v1.23.1, pkg/ipamd/ipamd.go, nodeInit.
 * Rejects with a call whose failure ends the process. An immediate repetition of a call that failed is not made.
 *
 * @returns Whether the interface was set up. If not, the CNI tries for a while, and goes on.
 */
export async function nodeInit(
    mode: CniMode,
    network: NodeNetwork,
    pool: WarmPool,
    pods: number,
    ec2: Ec2,
): Promise<boolean> {
    const isIpv6 = mode.ipFamily === "ipv6";
    // amazon-vpc-cni-k8s pkg/awsutils/awsutils.go, DescribeAllENIs.
    if (!mode.imdsOnly) {
        await ec2("DescribeNetworkInterfaces");
    }
    // amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, excludedENIBasedOnSubnetTags, before anything else on IPv6.
    if (isIpv6 && mode.subnetDiscovery) {
        await ec2("DescribeSubnets");
    }
    // amazon-vpc-cni-k8s pkg/awsutils/awsutils.go, TagENI: an interface that has its tags is not tagged again.
    if (mode.provisions && !network.isTagged) {
        await ec2("CreateTags", { "ResourceId.1": onInterface.NetworkInterfaceId });
        network.isTagged = true;
    }
    const isSetUp = await succeeds(setUpInterface(mode, network, ec2));
    if (!isIpv6) {
        await unassignOtherKind(mode, network, ec2);
    }
    // amazon-vpc-cni-k8s pkg/awsutils/awsutils.go, RefreshSGIDs: to a process that starts, all security groups are new.
    if (mode.provisions && !mode.customNetworking) {
        await succeeds(ec2("ModifyNetworkInterfaceAttribute", onInterface));
    }
    if (mode.provisions && !isIpv6) {
        // The addresses that an interface has are recorded after DescribeSubnets: without it, the pool seems empty.
        await preScale(mode, pool, pods, isSetUp ? network.held : 0);
    }
    return isSetUp;
}

/** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, setupENI and assignIPv6Prefix. They do not ask whether the CNI provisions, nor for ENABLE_IMDS_ONLY_MODE. */
async function setUpInterface(mode: CniMode, network: NodeNetwork, ec2: Ec2): Promise<void> {
    if (mode.subnetDiscovery) {
        await ec2("DescribeSubnets");
    }
    if (mode.ipFamily === "ipv6") {
        await ec2("DescribeNetworkInterfaces", onInterface);
        if (!network.hasIpv6Prefix) {
            await ec2("AssignIpv6Addresses", onInterface);
            network.hasIpv6Prefix = true;
        }
    }
}

/** After a change of ENABLE_PREFIX_DELEGATION: amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, tryUnassignIPsFromENIs and tryUnassignPrefixesFromENIs. */
async function unassignOtherKind(mode: CniMode, network: NodeNetwork, ec2: Ec2): Promise<void> {
    if (network.isOfPrefixes !== mode.prefixDelegation && network.held > 0) {
        await succeeds(ec2("UnassignPrivateIpAddresses", onInterface));
        network.held = 0;
    }
    network.isOfPrefixes = mode.prefixDelegation;
}

/**
 * amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, handlePreScaling. The process ends if no address can be assigned. It goes on without another interface, except with custom networking and
 * an empty pool.
 */
async function preScale(mode: CniMode, pool: WarmPool, pods: number, held: number): Promise<void> {
    if (pool.isLow(pods, held)) {
        await pool.increase(pods, held).catch((error: unknown) => {
            if (pool.roomFor(held) > 0 || (mode.customNetworking && held === 0)) {
                throw error;
            }
        });
    }
}

function succeeds(call: Promise<void>): Promise<boolean> {
    return call.then(
        () => true,
        () => false,
    );
}
