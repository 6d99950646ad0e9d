import { EC2Client, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import {
    CreateClusterCommand,
    CreateNodegroupCommand,
    DeleteClusterCommand,
    DeleteNodegroupCommand,
    DescribeNodegroupCommand,
    EKSClient,
    ResourceNotFoundException,
} from "@aws-sdk/client-eks";
import {
    AttachRolePolicyCommand,
    CreateOpenIDConnectProviderCommand,
    CreateRoleCommand,
    DetachRolePolicyCommand,
    IAMClient,
    ListInstanceProfilesForRoleCommand,
} from "@aws-sdk/client-iam";
import { CoreV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { loadKubeconfig } from "../../../kubeconfigs";
import { podCredentials } from "../../../pods";
import { type Sandbox, startSandbox } from "../../../sandbox";

const cniPolicy = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
const workerPolicy = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";
const namespace = "kube-system";

describe("A sandbox for a new cluster", function () {
    this.timeout(180_000);
    let sandbox: Sandbox;
    let core: CoreV1Api;
    let eks: EKSClient;
    let iam: IAMClient;
    const roles = new Map<string, string>();

    before(async () => {
        sandbox = await startSandbox({
            name: `new-cluster-test-${process.pid}`,
            clusterName: "brand-new",
            newCluster: true,
            failedStartFactor: 0.02,
            nodeGroupLimitSeconds: 8,
            podReadySeconds: 0.2,
            enforcementDelaySeconds: 1,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        core = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(CoreV1Api);
        const aws = { endpoint: sandbox.awsEndpoint, region: sandbox.region };
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        eks = new EKSClient({ ...aws, credentials });
        iam = new IAMClient({ ...aws, credentials });
        for (const [name, service] of [
            ["cluster", "eks.amazonaws.com"],
            ["nodes", "ec2.amazonaws.com"],
        ] as const) {
            await makeRole(name, { Principal: { Service: service }, Action: "sts:AssumeRole" });
        }
    });
    after(() => sandbox.stop());

    async function makeRole(RoleName: string, statement: object): Promise<void> {
        const Statement = [{ Effect: "Allow", ...statement }];
        const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
        const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
        roles.set(RoleName, Role?.Arn ?? "");
    }

    async function makeNodeGroup(nodegroupName: string): Promise<void> {
        await eks.send(
            new CreateNodegroupCommand({
                clusterName: sandbox.clusterName,
                nodegroupName,
                nodeRole: roles.get("nodes"),
                subnets: sandbox.subnetIds,
                scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 2 },
            }),
        );
    }

    const describeNodeGroup = async (nodegroupName: string) =>
        (await eks.send(new DescribeNodegroupCommand({ clusterName: sandbox.clusterName, nodegroupName }))).nodegroup;

    async function statusAfterCreation(name: string): Promise<string | undefined> {
        for (;;) {
            const status = (await describeNodeGroup(name))?.status;
            if (status !== "CREATING") {
                return status;
            }
            await sleep(200);
        }
    }

    async function statusUnlessGone(nodegroupName: string): Promise<string | undefined> {
        try {
            return (await describeNodeGroup(nodegroupName))?.status;
        } catch (error) {
            assert.ok(error instanceof ResourceNotFoundException, String(error));
            return undefined;
        }
    }

    /**
     * When the node group is gone, so are its nodes, instances and profile: its deleter can then delete the node role.
     */
    async function removeNodeGroup(nodegroupName: string): Promise<void> {
        await eks.send(new DeleteNodegroupCommand({ clusterName: sandbox.clusterName, nodegroupName }));
        for (let status; (status = await statusUnlessGone(nodegroupName)) !== undefined;) {
            assert.equal(status, "DELETING");
            await sleep(200);
        }
        assert.deepEqual((await core.listNode()).items, []);
        const { InstanceProfiles } = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName: "nodes" }));
        assert.deepEqual(InstanceProfiles, []);
    }

    it("has aws-node and no nodes, and no cluster in EKS", async () => {
        assert.deepEqual((await core.listNode()).items, []);
        assert.equal((await core.readNamespacedServiceAccount({ namespace, name: "aws-node" })).kind, "ServiceAccount");
        await assert.rejects(describeNodeGroup("any"), { name: "ResourceNotFoundException" });
    });

    it("gives the cluster that is created its issuer and its API server", async () => {
        const { cluster } = await eks.send(
            new CreateClusterCommand({
                name: sandbox.clusterName,
                roleArn: roles.get("cluster"),
                resourcesVpcConfig: { subnetIds: sandbox.subnetIds },
            }),
        );
        assert.equal(cluster?.identity?.oidc?.issuer, sandbox.issuer);
        const server = loadKubeconfig(sandbox.kubeconfigPath).getCurrentCluster()?.server;
        assert.equal(cluster.endpoint, server);
    });

    it("has the one command of the AWS CLI that a kubeconfig of EKS runs, and no other", async () => {
        const run = promisify(execFile);
        const { stdout } = await run("aws", ["eks", "get-token", "--cluster-name", "x"], { env: sandbox.environment });
        const { status } = JSON.parse(stdout) as { status: { token: string } };
        assert.equal(status.token, loadKubeconfig(sandbox.kubeconfigPath).getCurrentUser()?.token);
        await assert.rejects(run("aws", ["sts", "get-caller-identity"], { env: sandbox.environment }), /get-token/);
    });

    it("fails a node group whose instances may not ask for their names, and is without them afterwards", async () => {
        await makeNodeGroup("not-joined");
        assert.equal(await statusAfterCreation("not-joined"), "CREATE_FAILED");
        const [issue] = (await describeNodeGroup("not-joined"))?.health?.issues ?? [];
        assert.deepEqual(
            [issue?.code, issue?.message, issue?.resourceIds?.length],
            ["NodeCreationFailure", "Instances failed to join the kubernetes cluster", 2],
        );
        assert.deepEqual((await core.listNode()).items, []);
        await removeNodeGroup("not-joined");
        await iam.send(new AttachRolePolicyCommand({ RoleName: "nodes", PolicyArn: workerPolicy }));
    });

    it("fails a node group whose aws-node has no permissions, and names its instances", async () => {
        await makeNodeGroup("too-early");
        assert.equal(await statusAfterCreation("too-early"), "CREATE_FAILED");
        const { health } = (await describeNodeGroup("too-early")) ?? {};
        const instances = (await core.listNode()).items.map(({ spec }) => spec?.providerID?.split("/").at(-1));
        assert.deepEqual(
            health?.issues?.map(({ resourceIds, ...issue }) => ({ ...issue, resourceIds: resourceIds?.sort() })),
            [
                {
                    code: "NodeCreationFailure",
                    message: "Unhealthy nodes in the kubernetes cluster",
                    resourceIds: instances.sort(),
                },
            ],
        );
        const pods = await podCredentials(sandbox.kubeconfigPath);
        assert.deepEqual(
            pods.map(({ ready }) => ready),
            [false, false],
        );
        await removeNodeGroup("too-early");
    });

    it("takes the instances of a deleted node group away", async () => {
        const aws = { endpoint: sandbox.awsEndpoint, region: sandbox.region };
        const ec2 = new EC2Client({ ...aws, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
        const states: (string | undefined)[] = [];
        for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, {})) {
            states.push(...Reservations.flatMap(({ Instances = [] }) => Instances.map(({ State }) => State?.Name)));
        }
        assert.deepEqual(states, Array<string>(4).fill("terminated"));
    });

    it("makes nodes Ready once the CNI policy on their role is in force", async () => {
        await makeNodeGroup("node-role");
        await iam.send(new AttachRolePolicyCommand({ RoleName: "nodes", PolicyArn: cniPolicy }));
        assert.equal(await statusAfterCreation("node-role"), "ACTIVE");
        await iam.send(new DetachRolePolicyCommand({ RoleName: "nodes", PolicyArn: cniPolicy }));
        await removeNodeGroup("node-role");
    });

    it("makes nodes Ready by the role of aws-node's service account, if it trusts the pods' tokens", async () => {
        const issuer = sandbox.issuer.replace("https://", "");
        const provider = new CreateOpenIDConnectProviderCommand({
            Url: sandbox.issuer,
            ClientIDList: ["sts.amazonaws.com"],
        });
        const { OpenIDConnectProviderArn } = await iam.send(provider);
        assert.equal(OpenIDConnectProviderArn, sandbox.oidcProviderArn);
        await makeRole("cni", {
            Principal: { Federated: OpenIDConnectProviderArn },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: { StringEquals: { [`${issuer}:sub`]: "system:serviceaccount:kube-system:aws-node" } },
        });
        await annotate(roles.get("cni") ?? "");
        await makeNodeGroup("no-permissions");
        assert.equal(await statusAfterCreation("no-permissions"), "CREATE_FAILED");
        await removeNodeGroup("no-permissions");
        await iam.send(new AttachRolePolicyCommand({ RoleName: "cni", PolicyArn: cniPolicy }));
        await makeNodeGroup("own-role");
        assert.equal(await statusAfterCreation("own-role"), "ACTIVE");
        await removeNodeGroup("own-role");
    });

    it("forgets the cluster when it is deleted, and can be given out again", async () => {
        await eks.send(new DeleteClusterCommand({ name: sandbox.clusterName }));
        await assert.rejects(describeNodeGroup("any"), { name: "ResourceNotFoundException" });
    });

    async function annotate(roleArn: string): Promise<void> {
        await core.patchNamespacedServiceAccount(
            {
                name: "aws-node",
                namespace,
                body: { metadata: { annotations: { "eks.amazonaws.com/role-arn": roleArn } } },
            },
            setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
        );
        await sleep(500); // The webhook watches service accounts, so it needs a moment to see the change.
    }
});
