import type { EC2Client } from "@aws-sdk/client-ec2";
import type { CniAction } from "../../documents/cniActions";
import { codeOf, isAccessDenied, isUnknownCaller, wordsOf } from "./awsErrors";

/** A node's own instance, for arguments like those of its aws-node. */
export interface NodeArguments {
    readonly instanceId: string;
    readonly subnetId: string;
    readonly securityGroupIds: readonly string[];
    readonly networkInterfaceId: string;
    readonly attachmentId: string;
}

export interface Tried {
    readonly action: CniAction;
    /** `unclear`: another error than a refusal, which tells nothing about rights; `stranger`: the session is not known yet. */
    readonly outcome: "allowed" | "refused" | "unclear" | "stranger" | "untried";
    /** What EC2 said, except to what it allows. */
    readonly words: string;
}

type Ec2 = typeof import("@aws-sdk/client-ec2");

/** By action. */
type Calls = Readonly<Record<string, (client: EC2Client) => Promise<unknown>>>;

/**
 * Each call with DryRun, with the primary interface of a node: even a DryRun that were not heeded would fail on it, since the
 * primary interface can be neither attached again nor detached nor deleted
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html). Ids must exist and be well formed: EC2 looks at the form
 * of parameters before rights.
 */
function interfaceCalls(ec2: Ec2, node: NodeArguments): Calls {
    const DryRun = true;
    const { instanceId: InstanceId, networkInterfaceId: NetworkInterfaceId, attachmentId: AttachmentId } = node;
    return {
        "ec2:AttachNetworkInterface": (client) =>
            client.send(
                new ec2.AttachNetworkInterfaceCommand({ DryRun, DeviceIndex: 1, InstanceId, NetworkInterfaceId }),
            ),
        "ec2:CreateNetworkInterface": (client) =>
            client.send(
                new ec2.CreateNetworkInterfaceCommand({
                    DryRun,
                    SubnetId: node.subnetId,
                    Groups: [...node.securityGroupIds],
                }),
            ),
        "ec2:CreateTags": (client) =>
            client.send(
                new ec2.CreateTagsCommand({
                    DryRun,
                    Resources: [NetworkInterfaceId],
                    // The plugin's own tag: eniNodeTagKey in its pkg/awsutils/awsutils.go.
                    Tags: [{ Key: "node.k8s.amazonaws.com/instance_id", Value: InstanceId }],
                }),
            ),
        "ec2:DeleteNetworkInterface": (client) =>
            client.send(new ec2.DeleteNetworkInterfaceCommand({ DryRun, NetworkInterfaceId })),
        "ec2:DetachNetworkInterface": (client) =>
            client.send(new ec2.DetachNetworkInterfaceCommand({ DryRun, AttachmentId })),
        "ec2:ModifyNetworkInterfaceAttribute": (client) =>
            client.send(
                new ec2.ModifyNetworkInterfaceAttributeCommand({
                    DryRun,
                    NetworkInterfaceId,
                    Attachment: { AttachmentId, DeleteOnTermination: true },
                }),
            ),
    };
}

/** Reading needs no resource, so no node either. */
function readingCalls(ec2: Ec2): Calls {
    const DryRun = true;
    return {
        "ec2:DescribeInstances": (client) => client.send(new ec2.DescribeInstancesCommand({ DryRun })),
        "ec2:DescribeInstanceTypes": (client) => client.send(new ec2.DescribeInstanceTypesCommand({ DryRun })),
        "ec2:DescribeNetworkInterfaces": (client) => client.send(new ec2.DescribeNetworkInterfacesCommand({ DryRun })),
        "ec2:DescribeSecurityGroups": (client) => client.send(new ec2.DescribeSecurityGroupsCommand({ DryRun })),
        "ec2:DescribeSubnets": (client) => client.send(new ec2.DescribeSubnetsCommand({ DryRun })),
        "ec2:DescribeTags": (client) => client.send(new ec2.DescribeTagsCommand({ DryRun })),
    };
}

/**
 * Tries each action by DryRun. Those without one are never sent, and those about interfaces not without a node to take them
 * from.
 */
export async function tryActions(
    client: EC2Client,
    actions: readonly CniAction[],
    node: NodeArguments | undefined,
    secrets: readonly string[],
): Promise<Tried[]> {
    const ec2 = await import("@aws-sdk/client-ec2");
    const calls: Calls = { ...readingCalls(ec2), ...(node && interfaceCalls(ec2, node)) };
    return Promise.all(
        actions.map(async (action): Promise<Tried> => {
            const call = action.dryRun ? calls[action.action] : undefined;
            return call === undefined
                ? { action, outcome: "untried", words: "" }
                : { action, ...(await outcomeOf(() => call(client), secrets)) };
        }),
    );
}

/** "DryRunOperation" is EC2's yes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html */
async function outcomeOf(call: () => Promise<unknown>, secrets: readonly string[]): Promise<Omit<Tried, "action">> {
    try {
        await call();
        return { outcome: "allowed", words: "" };
    } catch (error) {
        if (codeOf(error) === "DryRunOperation") {
            return { outcome: "allowed", words: "" };
        }
        const outcome = isAccessDenied(error) ? "refused" : isUnknownCaller(error) ? "stranger" : "unclear";
        return { outcome, words: `${codeOf(error)}: ${wordsOf(error, secrets)}` };
    }
}
