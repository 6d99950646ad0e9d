import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CoreV1Api, type V1Node } from "@kubernetes/client-node";
import { launchInstance, type Sandbox } from "local-eks";
import { loadKubeconfig } from "local-eks/kubernetes";
import { setTimeout as sleep } from "timers/promises";
import { clusterOf } from "./cluster";
import { handOverSandbox } from "./handOver";
import { createOidcProvider } from "./iam";
import { issuerOf } from "./issuer";

/**
 * Starts a second cluster in the account of the first one, with a control plane of its own, and with as many nodes, which use the same node role.
 *
 * IAM, STS and EC2 of the sandbox that it returns are those of the first one, with the log of the changes in IAM. Only EKS answers from the
 * sandbox that runs the cluster: it describes no other cluster. The pods have no agents, since those call the AWS API of their own sandbox.
 */
export async function startSecondCluster(first: Sandbox, clusterName: string): Promise<Sandbox> {
    const own = await handOverSandbox(clusterName, { clusterName, nodes: 0 });
    const { awsEndpoint, directory } = first;
    const endpoints = { AWS_ENDPOINT_URL: awsEndpoint, AWS_ENDPOINT_URL_EKS: own.awsEndpoint };
    const second = { ...own, awsEndpoint, directory, environment: { ...own.environment, ...endpoints } };
    await first.trustIssuer(issuerOf(second));
    await createOidcProvider(second);
    const { items: nodes } = await coreOf(first).listNode();
    for (const like of nodes) {
        await joinNode(second, like);
    }
    await untilReady(second, nodes.length);
    return second;
}

const coreOf = ({ kubeconfigPath }: Sandbox) => loadKubeconfig(kubeconfigPath).makeApiClient(CoreV1Api);

/** Launches an instance with the cluster's tags, and registers its node as a kubelet does. */
async function joinNode(sandbox: Sandbox, { metadata, status }: V1Node): Promise<void> {
    const { awsEndpoint: endpoint, region, clusterName } = sandbox;
    const ec2 = new EC2Client({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
    const id = await launchInstance(ec2, { clusterName, instanceProfile: "sandbox-nodes" });
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const { PrivateIpAddress = "", Placement } = Reservations[0]?.Instances?.[0] ?? {};
    const name = `ip-${PrivateIpAddress.replaceAll(".", "-")}.${region}.compute.internal`;
    const { capacity, allocatable, nodeInfo } = status ?? {};
    const addresses = [
        { type: "InternalIP", address: PrivateIpAddress },
        { type: "InternalDNS", address: name },
        { type: "Hostname", address: name },
    ];
    const body = {
        metadata: { name, labels: { ...metadata?.labels, "kubernetes.io/hostname": name } },
        spec: { providerID: `aws:///${Placement?.AvailabilityZone ?? ""}/${id}` },
        status: { addresses, capacity, allocatable, nodeInfo },
    };
    await coreOf(sandbox).createNode({ body, fieldManager: "kubelet" });
}

async function untilReady(sandbox: Sandbox, nodes: number): Promise<void> {
    const deadline = Date.now() + 120_000;
    for (;;) {
        const pods = await clusterOf(sandbox).awsNodePods();
        if (pods.length === nodes && pods.every(({ ready }) => ready)) {
            return;
        }
        if (Date.now() > deadline) {
            throw new Error(`The pods of ${sandbox.clusterName} are not Ready: ${JSON.stringify(pods)}`);
        }
        await sleep(200);
    }
}
