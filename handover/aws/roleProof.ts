import { CNI_ACTIONS } from "../../documents/cniActions";
import type { Proof, ProofRequest } from "../model/proof";
import { assume, inAnotherAccount } from "./assumeRole";
import type { Clients } from "./awsClients";
import { type NodeArguments, tryActions } from "./dryRuns";
import { withPolicies } from "./grantedByPolicies";
import { verdictOf } from "./proofVerdict";
import { simulate } from "./simulation";

/**
 * Collects evidence, from the machine that runs Pulumi, that aws-node can use the role: its token can assume the role, and the session
 * has the plugin's permissions. It proves nothing about the nodes' network.
 */
export async function prove(clients: Clients, account: string, request: ProofRequest): Promise<Proof> {
    const { roleArn, token, ipFamily } = request;
    const foreign = inAnotherAccount(roleArn, account);
    if (foreign !== undefined) {
        return foreign;
    }
    const assumed = await assume(clients, roleArn, token);
    if ("refused" in assumed) {
        return assumed.refused;
    }
    const first = `STS in ${await clients.region()} issues a session of ${roleArn} for the service account's token`;
    if (request.depth === "assumeRole") {
        return { verdict: "yes", evidence: [first] };
    }
    const node = request.instanceId === undefined ? undefined : await nodeArguments(clients, request.instanceId);
    const keys = assumed.session;
    const secrets = [token, keys.secretAccessKey, keys.sessionToken, ...clients.secrets];
    const tried = await tryActions(await clients.ec2As(keys), CNI_ACTIONS[ipFamily], node, secrets);
    const rest = tried.filter(({ outcome }) => outcome !== "allowed").map(({ action }) => action);
    const simulated = await simulate(clients, roleArn, rest, node?.networkInterfaceId);
    const simulation = await withPolicies(clients, roleArn, simulated);
    const verdict = verdictOf({ roleArn, tried, simulation });
    return verdict.verdict === "no" ? verdict : { ...verdict, evidence: [first, ...verdict.evidence] };
}

/** Undefined if the instance no longer exists, or EC2 does not show its primary interface. */
async function nodeArguments(clients: Clients, instanceId: string): Promise<NodeArguments | undefined> {
    const { DescribeInstancesCommand } = await import("./awsSdk");
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
