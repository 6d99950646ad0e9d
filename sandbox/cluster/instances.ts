import type { EC2Client, Instance as Ec2Instance } from "@aws-sdk/client-ec2";
import type { Instance } from "./nodes";

export interface Subnet {
    id: string;
    zone: string;
}

export interface NodeGroupLaunch {
    clusterName: string;
    nodeGroup: string;
    count: number;
    /** Of the node role. EKS creates one for each node group; leave it out for instances without a role. */
    instanceProfile?: string;
    /** The subnet of all of them. By default they are spread evenly over the subnets. */
    subnetId?: string;
    /** If they do not come out even, the subnets from this one on have one more. Defaults to 0, the first. */
    firstSubnet?: number;
    /** Defaults to the default security group of the VPC. */
    securityGroupIds?: string[];
    /** By default those of a managed node group of the cluster. */
    tags?: Record<string, string>;
    /** See `Instance`. */
    instanceIdNodeName?: boolean;
}

/** Launches the instances of a managed node group with EKS's tags. */
export async function launchInstances(ec2: EC2Client, subnets: Subnet[], group: NodeGroupLaunch): Promise<Instance[]> {
    const { subnetId } = group;
    if (subnetId !== undefined && !subnets.some(({ id }) => id === subnetId)) {
        throw new Error(`The cluster has no subnet ${subnetId}: it has ${subnets.map(({ id }) => id).join(", ")}`);
    }
    const counts = subnetId === undefined ? spread(group.count, subnets.length, group.firstSubnet) : undefined;
    const launched = await Promise.all(
        subnets.map(async ({ id, zone }, index) => {
            const count = counts?.[index] ?? (id === subnetId ? group.count : 0);
            return count === 0 ? [] : (await launch(ec2, group, id, count)).map(asInstance(group, zone, id, index));
        }),
    );
    return launched.flat();
}

/** Eight over three places are 3, 3 and 2. From the last place on, they are 3, 2 and 3. */
export function spread(count: number, places: number, from = 0): number[] {
    const before = (index: number) => (index - (from % places) + places) % places;
    return Array.from(
        { length: places },
        (_, index) => Math.floor(count / places) + (before(index) < count % places ? 1 : 0),
    );
}

/**
 * Launches one instance that belongs to a cluster only by its tags, and is no node. Returns its id.
 *
 * For instance one of another cluster whose nodes have the same role, or one that waits in a warm pool: StopInstances stops it.
 */
export async function launchInstance(
    ec2: EC2Client,
    launched: Pick<NodeGroupLaunch, "clusterName" | "instanceProfile" | "tags">,
): Promise<string> {
    const [instance] = await launch(ec2, { ...launched, nodeGroup: "other", count: 1 }, undefined, 1);
    return instance?.InstanceId ?? "";
}

async function launch(
    ec2: EC2Client,
    { clusterName, nodeGroup, instanceProfile, securityGroupIds, tags: given }: NodeGroupLaunch,
    SubnetId: string | undefined,
    count: number,
): Promise<Ec2Instance[]> {
    // Loaded late: an import of this package for another purpose does not need it.
    const { AssociateIamInstanceProfileCommand, RunInstancesCommand } = await import("@aws-sdk/client-ec2");
    const tags = given ?? {
        [`kubernetes.io/cluster/${clusterName}`]: "owned",
        "eks:cluster-name": clusterName,
        "eks:nodegroup-name": nodeGroup,
    };
    const IamInstanceProfile = instanceProfile === undefined ? undefined : { Name: instanceProfile };
    const { Instances = [] } = await ec2.send(
        new RunInstancesCommand({
            // moto knows only some images by id, and this one is among them.
            ImageId: "ami-12c6146b",
            InstanceType: "m6i.large",
            MinCount: count,
            MaxCount: count,
            SubnetId,
            SecurityGroupIds: securityGroupIds,
            IamInstanceProfile,
            ...(Object.keys(tags).length > 0 && {
                TagSpecifications: [
                    { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
                ],
            }),
        }),
    );
    // moto associates the profile with the first instance of a launch only (moto/ec2/responses/instances.py).
    if (IamInstanceProfile !== undefined) {
        await Promise.all(
            Instances.slice(1).map(({ InstanceId }) =>
                ec2.send(new AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile })),
            ),
        );
    }
    if (securityGroupIds === undefined) {
        await giveDefaultGroup(ec2, Instances);
    }
    return Instances;
}

/**
 * An instance that is launched without security groups has the default one of its VPC
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html); moto gives it none.
 */
async function giveDefaultGroup(ec2: EC2Client, instances: Ec2Instance[]): Promise<void> {
    const { DescribeSecurityGroupsCommand, ModifyInstanceAttributeCommand } = await import("@aws-sdk/client-ec2");
    const Filters = [
        { Name: "vpc-id", Values: [instances[0]?.VpcId ?? ""] },
        { Name: "group-name", Values: ["default"] },
    ];
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    const Groups = SecurityGroups.map(({ GroupId = "" }) => GroupId);
    await Promise.all(
        instances.map(({ InstanceId }) => ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, Groups }))),
    );
}

const asInstance =
    (
        { nodeGroup, instanceProfile, instanceIdNodeName }: NodeGroupLaunch,
        zone: string,
        subnetId: string,
        subnet: number,
    ) =>
    ({ InstanceId = "", PrivateIpAddress = "" }: Ec2Instance): Instance => ({
        id: InstanceId,
        zone,
        subnetId,
        privateIp: PrivateIpAddress,
        ipv6: `2600:1f14:abc:${(0xde01 + subnet).toString(16)}::${PrivateIpAddress.split(".").slice(2).join(":")}`,
        nodeGroup,
        ...(instanceProfile !== undefined && { instanceProfile }),
        ...(instanceIdNodeName !== undefined && { instanceIdNodeName }),
    });
