import type { ProofRequest } from "../model/proof";
import type { Clients } from "./awsClients";
import type { NodeArguments } from "./dryRuns";

/** Arguments like those of a node, for calls by DryRun. Undefined without an instance. */
export function nodeOf(
    clients: Clients,
    { instanceId }: Pick<ProofRequest, "instanceId">,
): Promise<NodeArguments | undefined> {
    return instanceId === undefined ? Promise.resolve(undefined) : nodeArguments(clients, instanceId);
}

/** Undefined if the instance no longer exists, or EC2 does not show its primary interface. */
async function nodeArguments(clients: Clients, instanceId: string): Promise<NodeArguments | undefined> {
    const { DescribeInstancesCommand } = await import("./awsSdk");
    const Filters = [{ Name: "instance-id", Values: [instanceId] }];
    const { Reservations = [] } = await (await clients.ec2()).send(new DescribeInstancesCommand({ Filters }));
    const interfaces = Reservations[0]?.Instances?.[0]?.NetworkInterfaces ?? [];
    const primary = interfaces.find(({ Attachment }) => Attachment?.DeviceIndex === 0);
    const { NetworkInterfaceId, SubnetId, Attachment, Groups = [], VpcId } = primary ?? {};
    if (NetworkInterfaceId === undefined || SubnetId === undefined || Attachment?.AttachmentId === undefined) {
        return undefined;
    }
    return {
        instanceId,
        subnetId: SubnetId,
        securityGroupIds: Groups.flatMap(({ GroupId }) => GroupId ?? []),
        networkInterfaceId: NetworkInterfaceId,
        attachmentId: Attachment.AttachmentId,
        vpcId: VpcId,
    };
}
