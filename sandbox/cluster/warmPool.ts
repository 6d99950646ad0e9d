import type { CniMode } from "./cniMode";

/** Makes a call of EC2. Rejects if it fails. */
export type Ec2 = (action: string, parameters?: Readonly<Record<string, string>>) => Promise<void>;

/** What a node has from the CNI, whichever of its pods has made the calls. */
export interface NodeNetwork {
    /** The primary interface has the CNI's tags. */
    isTagged: boolean;
    /** The primary interface has an IPv6 prefix. */
    hasIpv6Prefix: boolean;
    /** Attached interfaces, the primary one included. */
    interfaces: number;
    /** When the newest one was attached. */
    attachedAt: number;
    /** The IPv4 addresses, or with prefix delegation the prefixes, on the interfaces. */
    held: number;
    isOfPrefixes: boolean;
}

/** The network of a node on which the CNI has never run. */
export function newNetwork(): NodeNetwork {
    return {
        isTagged: false,
        hasIpv6Prefix: false,
        interfaces: 1,
        attachedAt: -Infinity,
        held: 0,
        isOfPrefixes: false,
    };
}

const eni = "eni-00000000000000000";
export const onInterface = { NetworkInterfaceId: eni };

/**
 * The limits of the instance type of the sandbox's nodes, m6i.large: amazon-vpc-cni-k8s v1.23.1,
 * pkg/vpc/vpc_ip_resource_limit.go, and amazon-vpc-cni-k8s
 * pkg/awsutils/awsutils.go, GetENIIPv4Limit.
 */
export const mostInterfaces = 3;
export const heldByInterface = 9;

const addressesOfPrefix = 16;

/** Half of the interval passes before the first look at the pool: amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, StartNodeIPPoolManager and ipPoolMonitorInterval. */
export const poolSeconds = { first: 2.5, every: 5 };

/** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, decreaseIPPoolInterval; amazon-vpc-cni-k8s pkg/ipamd/datastore/data_store.go, minENILifeTime. */
export const decreaseSeconds = 30;
export const interfaceLifeSeconds = 60;

/**
 * The warm pool of IPv4 addresses of a node, as of amazon-vpc-cni-k8s v1.23.1.
 *
 * The addresses of pods are packed onto the first interfaces, and the address of a pod that is gone is free at once.
 */
export class WarmPool {
    private decreasedAt = -Infinity;

    public constructor(
        private readonly mode: CniMode,
        private readonly network: NodeNetwork,
        private readonly ec2: Ec2,
        /** Milliseconds. */
        private readonly now: () => number,
    ) {}

    /** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, updateIPPoolIfRequired. Without need, it makes no call. A call that fails ends one part of it, and not the others. */
    public async update(pods: number): Promise<void> {
        const failures: unknown[] = [];
        const attempt = (part: Promise<void>) => part.catch((error: unknown) => void failures.push(error));
        if (this.isLow(pods)) {
            await attempt(this.increase(pods));
        } else if (this.over(pods) > 0 && this.hasPassed(decreaseSeconds, this.decreasedAt)) {
            this.decreasedAt = this.now();
            await attempt(this.decrease(pods));
        }
        if (this.mayFreeInterface(pods)) {
            await attempt(this.freeInterface());
        }
        if (failures.length > 0) {
            throw failures[0];
        }
    }

    /** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, isDatastorePoolTooLow. */
    public isLow(pods: number, held = this.network.held): boolean {
        const { warmEniTarget, warmPrefixTarget, prefixDelegation } = this.mode;
        if (this.hasIpTargets) {
            return this.shortOfIpTargets(pods, held) > 0;
        }
        const warm = prefixDelegation ? warmPrefixTarget * addressesOfPrefix : warmEniTarget * heldByInterface;
        const available = held * this.size - pods;
        return available < warm || (warm === 0 && available === 0);
    }

    /** Addresses for an interface that has room, and another interface only if none has: amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, increaseDatastorePool. */
    public async increase(pods: number, held = this.network.held): Promise<void> {
        const { network } = this;
        const room = this.roomFor(held);
        if (room > 0) {
            await this.ec2("AssignPrivateIpAddresses", onInterface);
            network.held = Math.max(network.held, held + Math.min(room, heldByInterface, this.wanted(pods, held)));
        } else if (network.interfaces < mostInterfaces) {
            await this.allocateInterface();
            network.interfaces += 1;
            network.attachedAt = this.now();
            network.held += Math.min(heldByInterface, this.wanted(pods, held));
        }
    }

    /** How many more addresses or prefixes the interfaces can have. With custom networking, the primary one has none (amazon-vpc-cni-k8s pkg/ipamd/datastore/data_store.go, GetAllocatableENIs). */
    public roomFor(held: number): number {
        return this.usableInterfaces * heldByInterface - held;
    }

    /** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, tryAllocateENI; amazon-vpc-cni-k8s pkg/awsutils/awsutils.go, createENI, AllocENI and awsGetFreeDeviceNumber. */
    private async allocateInterface(): Promise<void> {
        const { customNetworking, subnetDiscovery } = this.mode;
        if (!customNetworking) {
            const looked = this.ec2("DescribeSubnets");
            await (subnetDiscovery ? looked : looked.catch(() => undefined));
        }
        await this.ec2("CreateNetworkInterface", { SubnetId: "subnet-00000000000000000" });
        await this.ec2("DescribeInstances");
        await this.ec2("AttachNetworkInterface", { ...onInterface, InstanceId: "i-00000000000000000" });
        await this.ec2("ModifyNetworkInterfaceAttribute", onInterface);
        if (subnetDiscovery) {
            await this.ec2("DescribeSubnets");
        }
    }

    /** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, tryUnassignCidrsFromAll and DeallocCidrs. */
    private async decrease(pods: number): Promise<void> {
        const over = this.over(pods);
        await this.ec2("UnassignPrivateIpAddresses", onInterface);
        this.network.held -= over;
    }

    /** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, tryFreeENI; amazon-vpc-cni-k8s pkg/awsutils/awsutils.go, freeENI. */
    private async freeInterface(): Promise<void> {
        await this.ec2("DescribeNetworkInterfaces", onInterface);
        await this.ec2("DetachNetworkInterface");
        await this.ec2("DeleteNetworkInterface", onInterface);
        this.network.held = this.heldWithoutLast;
        this.network.interfaces -= 1;
    }

    /** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, shouldRemoveExtraENIs; amazon-vpc-cni-k8s pkg/ipamd/datastore/data_store.go, getDeletableENI. */
    private mayFreeInterface(pods: number): boolean {
        const { network, mode } = this;
        const available = network.held * this.size - pods;
        const rest = this.heldWithoutLast * this.size;
        const isUnused = network.interfaces > 1 && pods <= rest;
        const hasMany = available >= (mode.warmEniTarget + 1) * heldByInterface;
        return (
            isUnused &&
            (this.hasIpTargets || mode.prefixDelegation || hasMany) &&
            this.hasPassed(interfaceLifeSeconds, network.attachedAt) &&
            rest - pods >= roundedUp(mode.warmIpTarget, this.size) &&
            rest >= roundedUp(mode.minimumIpTarget, this.size) &&
            (!mode.prefixDelegation || freePrefixes(this.heldWithoutLast, pods) >= mode.warmPrefixTarget)
        );
    }

    /** amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, tryAssignIPs and getPrefixesNeeded. */
    private wanted(pods: number, held: number): number {
        const { prefixDelegation, warmPrefixTarget } = this.mode;
        if (this.hasIpTargets) {
            const short = Math.ceil(this.shortOfIpTargets(pods, held) / this.size);
            return prefixDelegation ? Math.max(1, short) : short;
        }
        return prefixDelegation ? Math.max(1, warmPrefixTarget - freePrefixes(held, pods)) : heldByInterface;
    }

    /** So many addresses or prefixes are over the target: amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, isDatastorePoolTooHigh and datastoreTargetState. */
    private over(pods: number): number {
        const { warmIpTarget, minimumIpTarget, warmPrefixTarget, prefixDelegation } = this.mode;
        const { held } = this.network;
        if (this.hasIpTargets) {
            const needed = Math.ceil((pods + warmIpTarget) / this.size);
            const least = Math.max(needed, Math.ceil(minimumIpTarget / this.size));
            return prefixDelegation ? Math.min(freePrefixes(held, pods), held - least) : held - least;
        }
        return prefixDelegation ? freePrefixes(held, pods) - warmPrefixTarget : 0;
    }

    private shortOfIpTargets(pods: number, held: number): number {
        const total = held * this.size;
        return Math.max(this.mode.warmIpTarget - (total - pods), this.mode.minimumIpTarget - total, 0);
    }

    private get hasIpTargets(): boolean {
        return this.mode.warmIpTarget > 0 || this.mode.minimumIpTarget > 0;
    }

    private get size(): number {
        return this.mode.prefixDelegation ? addressesOfPrefix : 1;
    }

    private get heldWithoutLast(): number {
        return Math.min(this.network.held, Math.max(this.usableInterfaces - 1, 0) * heldByInterface);
    }

    private get usableInterfaces(): number {
        return this.network.interfaces - (this.mode.customNetworking ? 1 : 0);
    }

    private hasPassed(seconds: number, since: number): boolean {
        return this.now() - since >= seconds * 1000;
    }
}

function freePrefixes(prefixes: number, pods: number): number {
    return Math.max(0, prefixes - Math.ceil(pods / addressesOfPrefix));
}

function roundedUp(addresses: number, size: number): number {
    return Math.ceil(addresses / size) * size;
}
