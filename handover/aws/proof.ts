import { CNI_ACTIONS } from "../../documents/cniActions";
import type { Proof, ProofQuestion } from "../model/proof";
import { assume, inAnotherAccount } from "./assumeRole";
import type { Clients } from "./awsClients";
import { type NodeArguments, tryActions } from "./dryRuns";
import { verdictOf } from "./proofVerdict";
import { simulate, type Simulation } from "./simulation";

/**
 * Evidence, from the operator's machine, that aws-node can use the role: its token can assume it, and its session may do what
 * the plugin does. It proves nothing about the nodes' network.
 */
export async function prove(clients: Clients, account: string, question: ProofQuestion): Promise<Proof> {
    const { roleArn, token, ipFamily } = question;
    const foreign = inAnotherAccount(roleArn, account);
    if (foreign !== undefined) {
        return foreign;
    }
    const assumed = await assume(clients, roleArn, token);
    if ("refused" in assumed) {
        return assumed.refused;
    }
    const first = `STS in ${await clients.region()} issues a session for the service account's token, of ${roleArn}`;
    if (question.depth === "assumeRole") {
        return { verdict: "yes", evidence: [first] };
    }
    const node = question.instanceId === undefined ? undefined : await nodeArguments(clients, question.instanceId);
    const keys = assumed.session;
    const secrets = [token, keys.secretAccessKey, keys.sessionToken, ...clients.secrets];
    const tried = await tryActions(await clients.ec2As(keys), CNI_ACTIONS[ipFamily], node, secrets);
    const rest = tried.filter(({ outcome }) => outcome !== "allowed").map(({ action }) => action);
    const simulation: Simulation = await simulate(clients, roleArn, rest, node?.networkInterfaceId);
    const verdict = verdictOf({ roleArn, tried, simulation });
    return verdict.verdict === "no" ? verdict : { ...verdict, evidence: [first, ...verdict.evidence] };
}

/** Undefined: the instance is gone, or has no primary interface that could be named. */
async function nodeArguments(clients: Clients, instanceId: string): Promise<NodeArguments | undefined> {
    const { DescribeInstancesCommand } = await import("@aws-sdk/client-ec2");
    const Filters = [{ Name: "instance-id", Values: [instanceId] }];
    const { Reservations = [] } = await (await clients.ec2()).send(new DescribeInstancesCommand({ Filters }));
    const interfaces = Reservations[0]?.Instances?.[0]?.NetworkInterfaces ?? [];
    const primary = interfaces.find(({ Attachment }) => Attachment?.DeviceIndex === 0);
    const { NetworkInterfaceId, SubnetId, Attachment, Groups = [] } = primary ?? {};
    if (NetworkInterfaceId === undefined || SubnetId === undefined || Attachment?.AttachmentId === undefined) {
        return undefined;
    }
    return {
        instanceId,
        subnetId: SubnetId,
        securityGroupIds: Groups.flatMap(({ GroupId }) => GroupId ?? []),
        networkInterfaceId: NetworkInterfaceId,
        attachmentId: Attachment.AttachmentId,
    };
}
