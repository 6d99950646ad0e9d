/** Restores the first state of a sandbox without starting a new one. */
import {
    EC2Client,
    paginateDescribeInstances,
    DescribeRegionsCommand,
    TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import type { AwsApi } from "./aws";
import type { Cluster } from "./cluster";
import type { Agents } from "./cluster/agents";
import type { ClusterNodes } from "./cluster/clusterNodes";
import type { PodIdentityAgents } from "./cluster/podIdentity/agents";
import type { IdentityWebhook } from "./identityWebhook";

export interface ResettableParts {
    aws: AwsApi;
    webhook: IdentityWebhook;
    cluster: Cluster;
    agents: Agents | undefined;
    podIdentityAgents: PodIdentityAgents;
    withPodIdentityAgents: boolean;
    nodes: ClusterNodes;
    clusterName: string;
    region: string;
}

/** Ends the faults first, since the later steps need working parts. Resolves when all pods are Ready. */
export async function resetSandbox(parts: ResettableParts, initial: ReturnType<AwsApi["iamState"]>): Promise<void> {
    const { aws, webhook, cluster, agents, nodes, clusterName, podIdentityAgents, withPodIdentityAgents } = parts;
    webhook.delay(0);
    webhook.setCacheDelay(0);
    webhook.showWrongCertificate(false);
    await webhook.start();
    agents?.setStsReachable(true);
    await nodes.endBoots();
    await aws.reset(initial);
    await Promise.all([cluster.removeInterventions(), nodes.reset()]);
    await podIdentityAgents.reset(withPodIdentityAgents, nodes.names);
    await terminateOthers(parts);
    await cluster.registerIdentityWebhook(webhook);
    await cluster.remakeAwsNode(clusterName, nodes.names.length);
}

/** Terminates the instances that are not nodes, in every region. */
async function terminateOthers({ aws, nodes, region }: ResettableParts): Promise<void> {
    const own = nodes.instanceIds;
    const ec2In = (where: string) =>
        new EC2Client({
            endpoint: aws.endpoint,
            region: where,
            credentials: { accessKeyId: "test", secretAccessKey: "test" },
        });
    const { Regions = [] } = await ec2In(region).send(new DescribeRegionsCommand({}));
    await Promise.all(
        Regions.map(async ({ RegionName = region }) => {
            const client = ec2In(RegionName);
            const live = { Name: "instance-state-name", Values: ["pending", "running", "stopped"] };
            for await (const { Reservations = [] } of paginateDescribeInstances({ client }, { Filters: [live] })) {
                const ids = Reservations.flatMap(({ Instances = [] }) =>
                    Instances.map(({ InstanceId = "" }) => InstanceId),
                );
                const others = ids.filter((id) => !own.includes(id));
                if (others.length > 0) {
                    await client.send(new TerminateInstancesCommand({ InstanceIds: others }));
                }
            }
        }),
    );
}
