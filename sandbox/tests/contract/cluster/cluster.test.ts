import * as assert from "node:assert/strict";
import {
    DescribeIamInstanceProfileAssociationsCommand,
    DescribeInstancesCommand,
    EC2Client,
} from "@aws-sdk/client-ec2";
import { DescribeClusterCommand, EKSClient } from "@aws-sdk/client-eks";
import { ListAttachedRolePoliciesCommand, ListOpenIDConnectProvidersCommand, IAMClient } from "@aws-sdk/client-iam";
import {
    AppsV1Api,
    type AuthenticationV1TokenRequest,
    CoreV1Api,
    KubeConfig,
    type V1Pod,
    type V1ServiceAccount,
} from "@kubernetes/client-node";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../../../cluster/client";
import type { Plain } from "../../../cluster/manifests/plain";
import { type Sandbox, startSandbox } from "../../../sandbox";

const namespace = "kube-system";
const nodes = 4;
const podReadySeconds = 1;

describe("A cluster of the sandbox", function () {
    this.timeout(120_000);
    let sandbox: Sandbox;
    let core: CoreV1Api;
    let apps: AppsV1Api;
    before(async () => {
        const name = `cluster-test-${process.pid}`;
        sandbox = await startSandbox({
            name,
            nodes,
            podReadySeconds,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        const config = new KubeConfig();
        config.loadFromFile(sandbox.kubeconfigPath);
        core = config.makeApiClient(CoreV1Api);
        apps = config.makeApiClient(AppsV1Api);
    });
    after(() => sandbox.stop());

    const aws = () => ({
        endpoint: sandbox.awsEndpoint,
        region: sandbox.region,
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const pods = async (app: string): Promise<V1Pod[]> =>
        (await core.listNamespacedPod({ namespace, labelSelector: `k8s-app=${app}` })).items;
    const uids = (list: V1Pod[]) => list.map(({ metadata }) => metadata?.uid ?? "").sort();
    const isReady = ({ status }: V1Pod) =>
        status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;

    it("has as many Ready nodes as asked for, each an EC2 instance with the node role's profile", async () => {
        const listed = (await core.listNode()).items;
        const ec2 = new EC2Client(aws());
        const { Reservations } = await ec2.send(new DescribeInstancesCommand({}));
        const instances = (Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
        assert.equal(listed.length, nodes);
        assert.deepEqual(
            listed.map(({ spec }) => spec?.providerID).sort(),
            instances
                .map(({ InstanceId, Placement }) => `aws:///${Placement?.AvailabilityZone ?? ""}/${InstanceId ?? ""}`)
                .sort(),
        );
        const { IamInstanceProfileAssociations } = await ec2.send(
            new DescribeIamInstanceProfileAssociationsCommand({}),
        );
        assert.deepEqual(
            IamInstanceProfileAssociations?.map(({ InstanceId }) => InstanceId).sort(),
            instances.map(({ InstanceId }) => InstanceId).sort(),
        );
        IamInstanceProfileAssociations.forEach(({ IamInstanceProfile }) =>
            assert.equal(IamInstanceProfile?.Arn, `arn:aws:iam::${sandbox.accountId}:instance-profile/sandbox-nodes`),
        );
    });

    it("has a node role that holds the CNI policy, as before any operator of this package comes", async () => {
        const { AttachedPolicies } = await new IAMClient(aws()).send(
            new ListAttachedRolePoliciesCommand({ RoleName: "sandbox-nodes" }),
        );
        assert.deepEqual(AttachedPolicies?.map(({ PolicyName }) => PolicyName).sort(), [
            "AmazonEC2ContainerRegistryReadOnly",
            "AmazonEKSWorkerNodePolicy",
            "AmazonEKS_CNI_Policy",
        ]);
    });

    it("signs tokens with the issuer that EKS names and that IAM has a provider for", async () => {
        const body: Plain<AuthenticationV1TokenRequest> = { spec: { audiences: ["sts.amazonaws.com"] } };
        const { status } = await core.createNamespacedServiceAccountToken({ namespace, name: "aws-node", body });
        const claims = JSON.parse(Buffer.from(status?.token.split(".")[1] ?? "", "base64url").toString()) as object;
        const { cluster } = await new EKSClient(aws()).send(new DescribeClusterCommand({ name: sandbox.clusterName }));
        const providers = await new IAMClient(aws()).send(new ListOpenIDConnectProvidersCommand({}));
        assert.equal((claims as { iss: string }).iss, sandbox.issuer);
        assert.equal(cluster?.identity?.oidc?.issuer, sandbox.issuer);
        assert.deepEqual(
            providers.OpenIDConnectProviderList?.map(({ Arn }) => Arn),
            [sandbox.oidcProviderArn],
        );
    });

    it("has aws-node and kube-proxy on every node, written by the field manager of EKS", async () => {
        assert.equal((await pods("aws-node")).filter(isReady).length, nodes);
        assert.equal((await pods("kube-proxy")).filter(isReady).length, nodes);
        const daemonSet = await apps.readNamespacedDaemonSet({ namespace, name: "aws-node" });
        const managers = daemonSet.metadata?.managedFields?.filter(({ subresource }) => !subresource);
        assert.deepEqual(
            managers?.map(({ manager, operation }) => [manager, operation]),
            [["eks", "Apply"]],
        );
    });

    it("replaces aws-node's pods one after another when its template changes, and no other pod", async () => {
        const before = uids(await pods("aws-node"));
        const others = uids(await pods("kube-proxy"));
        const started = Date.now();
        const daemonSet = {
            apiVersion: "apps/v1",
            kind: "DaemonSet",
            metadata: { name: "aws-node", namespace },
            spec: { template: { metadata: { annotations: { "test/restarted-at": "now" } } } },
        };
        await new Client(sandbox.kubeconfigPath).apply(daemonSet, "test");
        let fewest = nodes;
        for (let done = false; !done;) {
            const now = await pods("aws-node");
            fewest = Math.min(fewest, now.filter(isReady).length);
            done =
                now.length === nodes && now.every((pod) => isReady(pod) && !before.includes(pod.metadata?.uid ?? ""));
            await sleep(50);
        }
        // 10 % of 4 nodes is rounded up to one at a time.
        assert.equal(fewest, nodes - 1);
        assert.ok(Date.now() - started >= nodes * podReadySeconds * 1000, "each pod takes the time asked for");
        assert.deepEqual(uids(await pods("kube-proxy")), others);
    });

    const roleArn = "arn:aws:iam::111122223333:role/example";

    /** The role of a new pod with an annotated service account. */
    async function roleOfNewPod(name: string): Promise<string | undefined> {
        const body: Plain<V1Pod> = {
            metadata: { name },
            spec: { serviceAccountName: "example", containers: [{ name: "main", image: "main" }] },
        };
        const pod = await core.createNamespacedPod({ namespace: "default", body });
        return pod.spec?.containers[0]?.env?.find((variable) => variable.name === "AWS_ROLE_ARN")?.value;
    }

    it("gives pods the role of their service account, and admits them without it while the webhook is down", async () => {
        const annotations = { "eks.amazonaws.com/role-arn": roleArn };
        const body: Plain<V1ServiceAccount> = { metadata: { name: "example", annotations } };
        await core.createNamespacedServiceAccount({ namespace: "default", body });
        await sleep(500); // The webhook watches service accounts, so it needs a moment to see the change.
        assert.equal(await roleOfNewPod("up"), roleArn);
        await sandbox.webhook.stop();
        assert.equal(await roleOfNewPod("down"), undefined);
        await sandbox.webhook.start();
        assert.equal(await roleOfNewPod("up-again"), roleArn);
    });

    it("delays the webhook's answer on request", async () => {
        await sandbox.webhook.delay(1200);
        const started = Date.now();
        assert.equal(await roleOfNewPod("delayed"), roleArn);
        assert.ok(Date.now() - started >= 1200);
        await sandbox.webhook.delay(0);
    });
});

describe("An IPv6 cluster of the sandbox", function () {
    this.timeout(120_000);

    it("has IPv6 addresses on nodes and pods, aws-node set to IPv6, and a customer policy on the node role", async () => {
        const name = `ipv6-test-${process.pid}`;
        const sandbox = await startSandbox({
            name,
            nodes: 1,
            ipFamily: "ipv6",
            podReadySeconds: 0.2,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        try {
            const config = new KubeConfig();
            config.loadFromFile(sandbox.kubeconfigPath);
            const labelSelector = "k8s-app=aws-node";
            const { items } = await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace, labelSelector });
            const [pod] = items;
            assert.match(pod?.status?.podIP ?? "", /^2600:/);
            assert.equal(
                pod?.spec?.containers[0]?.env?.find((variable) => variable.name === "ENABLE_IPv6")?.value,
                "true",
            );
            const client = { endpoint: sandbox.awsEndpoint, region: sandbox.region };
            const credentials = { accessKeyId: "test", secretAccessKey: "test" };
            const { cluster } = await new EKSClient({ ...client, credentials }).send(
                new DescribeClusterCommand({ name: sandbox.clusterName }),
            );
            assert.equal(cluster?.kubernetesNetworkConfig?.ipFamily, "ipv6");
            const { AttachedPolicies } = await new IAMClient({ ...client, credentials }).send(
                new ListAttachedRolePoliciesCommand({ RoleName: "sandbox-nodes" }),
            );
            assert.ok(
                AttachedPolicies?.some(
                    ({ PolicyArn }) => PolicyArn === "arn:aws:iam::111122223333:policy/AmazonEKS_CNI_IPv6_Policy",
                ),
            );
        } finally {
            await sandbox.stop();
        }
    });
});
