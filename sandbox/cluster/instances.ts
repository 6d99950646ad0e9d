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
}

/** Launches the instances of a managed node group, spread evenly over its subnets, with EKS's tags. */
export async function launchInstances(ec2: EC2Client, subnets: Subnet[], group: NodeGroupLaunch): Promise<Instance[]> {
    const launched = await Promise.all(
        subnets.map(async ({ id, zone }, index) => {
            const count = Math.floor(group.count / subnets.length) + (index < group.count % subnets.length ? 1 : 0);
            return count === 0 ? [] : (await launch(ec2, group, id, count)).map(asInstance(zone, index));
        }),
    );
    return launched.flat();
}

/**
 * Launches one instance that belongs to a cluster only by its tags.
 *
 * For instance to another cluster whose nodes have the same role. Returns its id.
 */
export async function launchInstance(
    ec2: EC2Client,
    launched: Pick<NodeGroupLaunch, "clusterName" | "instanceProfile">,
): Promise<string> {
    const [instance] = await launch(ec2, { ...launched, nodeGroup: "other", count: 1 }, undefined, 1);
    return instance?.InstanceId ?? "";
}

async function launch(
    ec2: EC2Client,
    { clusterName, nodeGroup, instanceProfile }: NodeGroupLaunch,
    SubnetId: string | undefined,
    count: number,
): Promise<Ec2Instance[]> {
    // Loaded late: an import of this package for another purpose does not need it.
    const { AssociateIamInstanceProfileCommand, RunInstancesCommand } = await import("@aws-sdk/client-ec2");
    const tags = {
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
            IamInstanceProfile,
            TagSpecifications: [
                { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
            ],
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
    return Instances;
}

const asInstance =
    (zone: string, subnet: number) =>
    ({ InstanceId = "", PrivateIpAddress = "" }: Ec2Instance) => ({
        id: InstanceId,
        zone,
        privateIp: PrivateIpAddress,
        ipv6: `2600:1f14:abc:de0${subnet + 1}::${PrivateIpAddress.split(".").slice(2).join(":")}`,
    });
