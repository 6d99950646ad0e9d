import type { EC2Client } from "@aws-sdk/client-ec2";
import type { CniAction } from "../../documents/cniActions";
import type { Clients, SessionKeys } from "./awsClients";
import { errorCodeOf, isAccessDenied, isUnknownCaller, messageOf } from "./awsErrors";

/** A node's instance and primary network interface, for arguments like those of its aws-node pod. */
export interface NodeArguments {
    readonly instanceId: string;
    readonly subnetId: string;
    readonly securityGroupIds: readonly string[];
    readonly networkInterfaceId: string;
    readonly attachmentId: string;
    readonly vpcId: string | undefined;
}

export interface DryRunResult {
    readonly action: CniAction;
    /** `unclear`: an error that says nothing about permissions. `stranger`: EC2 does not know the session yet. */
    readonly outcome: "allowed" | "refused" | "unclear" | "stranger" | "untried";
    /** EC2's answer. Empty if the action is allowed, or was not tried. */
    readonly words: string;
}

export function untried(action: CniAction): DryRunResult {
    return { action, outcome: "untried", words: "" };
}

type Ec2 = typeof import("./awsSdk");

/** By action. Missing for one whose call has no parameter DryRun: sent with it, the call would be executed, or rejected as invalid. */
type Calls = Readonly<Record<string, (client: EC2Client) => Promise<unknown>>>;

/**
 * Calls with DryRun, on the primary interface of a node.
 *
 * The primary interface can be neither attached again nor detached nor deleted, so these three would fail even if EC2 ignored
 * DryRun (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html). IDs must exist and be well-formed: EC2 validates
 * parameters before permissions.
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

/** Tries each action in a session that the token has given. */
export async function tryInSession(
    clients: Clients,
    { keys, token }: { readonly keys: SessionKeys; readonly token: string },
    actions: readonly CniAction[],
    node: NodeArguments | undefined,
): Promise<DryRunResult[]> {
    const secrets = [token, keys.secretAccessKey, keys.sessionToken, ...clients.secrets];
    return tryActions(await clients.ec2As(keys), actions, node, secrets);
}

/** Tries each action that changes an interface by DryRun, if there is a node that has one. Each start of the plugin makes the calls that read. */
export async function tryActions(
    client: EC2Client,
    actions: readonly CniAction[],
    node: NodeArguments | undefined,
    secrets: readonly string[],
): Promise<DryRunResult[]> {
    const ec2 = await import("./awsSdk");
    const calls: Calls = node === undefined ? {} : interfaceCalls(ec2, node);
    return Promise.all(
        actions.map(async (action): Promise<DryRunResult> => {
            const call = calls[action.action];
            return call === undefined ? untried(action) : { action, ...(await outcomeOf(() => call(client), secrets)) };
        }),
    );
}

/** EC2 answers "DryRunOperation" if the call is allowed: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html */
async function outcomeOf(
    call: () => Promise<unknown>,
    secrets: readonly string[],
): Promise<Omit<DryRunResult, "action">> {
    try {
        await call();
        return { outcome: "allowed", words: "" };
    } catch (error) {
        if (errorCodeOf(error) === "DryRunOperation") {
            return { outcome: "allowed", words: "" };
        }
        const outcome = isAccessDenied(error) ? "refused" : isUnknownCaller(error) ? "stranger" : "unclear";
        return { outcome, words: `${errorCodeOf(error)}: ${messageOf(error, secrets)}` };
    }
}
