import {
    DescribeIamInstanceProfileAssociationsCommand,
    DescribeInstancesCommand,
    DescribeSubnetsCommand,
    EC2Client,
} from "@aws-sdk/client-ec2";
import {
    DescribeClusterCommand,
    EKSClient,
    ListNodegroupsCommand,
    DescribeNodegroupCommand,
} from "@aws-sdk/client-eks";
import {
    AttachRolePolicyCommand,
    DetachRolePolicyCommand,
    GetInstanceProfileCommand,
    IAMClient,
    ListAttachedRolePoliciesCommand,
} from "@aws-sdk/client-iam";
import { CoreV1Api } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { loadKubeconfig } from "../../../kubeconfigs";
import { type Sandbox, startSandbox } from "../../../sandbox";

const roles = ["sandbox-nodes", "sandbox-nodes-2", "sandbox-nodes-3"];
const workerPolicy = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";
const cniPolicy = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

describe("A sandbox with three node roles and six subnets", function () {
    this.timeout(180_000);
    let sandbox: Sandbox;
    let core: CoreV1Api;
    let ec2: EC2Client;
    let iam: IAMClient;
    let eks: EKSClient;

    before(async () => {
        sandbox = await startSandbox({
            name: `node-roles-test-${process.pid}`,
            nodes: 7,
            subnets: 6,
            nodeRoles: 3,
            podReadySeconds: 0.2,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        core = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(CoreV1Api);
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const aws = { endpoint: sandbox.awsEndpoint, region: sandbox.region, credentials };
        ec2 = new EC2Client(aws);
        iam = new IAMClient(aws);
        eks = new EKSClient(aws);
    });
    after(() => sandbox.stop());
    afterEach(() => sandbox.reset());

    /** The node role of each node, as the profile of its instance shows it, by the node's name. */
    async function roleOfNode(): Promise<Map<string, string>> {
        const { IamInstanceProfileAssociations = [] } = await ec2.send(
            new DescribeIamInstanceProfileAssociationsCommand({}),
        );
        const byId = new Map(
            IamInstanceProfileAssociations.map(({ InstanceId, IamInstanceProfile }) => [
                InstanceId ?? "",
                IamInstanceProfile?.Arn?.split("/").at(-1) ?? "",
            ]),
        );
        const { items } = await core.listNode();
        return new Map(
            items.map(({ metadata, spec }) => [
                metadata?.name ?? "",
                byId.get(spec?.providerID?.split("/").at(-1) ?? "") ?? "",
            ]),
        );
    }

    /** How many of these there are, of each that is expected. */
    const counts = (found: Iterable<string>, of: readonly string[]) => {
        const all = [...found];
        return of.map((one) => all.filter((other) => other === one).length);
    };

    it("has them in IAM, each with an instance profile and the CNI policy", async () => {
        assert.deepEqual(sandbox.nodeRoleNames, roles);
        for (const name of roles) {
            const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName: name }));
            assert.deepEqual(
                InstanceProfile?.Roles?.map(({ RoleName }) => RoleName),
                [name],
            );
            const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name }));
            assert.ok(AttachedPolicies.some(({ PolicyArn }) => PolicyArn === cniPolicy));
        }
    });

    it("has a managed node group for each, to which the labels and tags of its nodes belong", async () => {
        const { clusterName } = sandbox;
        const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName }));
        assert.deepEqual([...nodegroups].sort(), ["sandbox", "sandbox-2", "sandbox-3"]);
        const roleOf = await roleOfNode();
        for (const { metadata } of (await core.listNode()).items) {
            const nodegroupName = metadata?.labels?.["eks.amazonaws.com/nodegroup"] ?? "";
            const { nodegroup } = await eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }));
            assert.equal(nodegroup?.nodeRole?.split("/").at(-1), roleOf.get(metadata?.name ?? ""));
        }
        const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
        const tags = Reservations.flatMap(({ Instances = [] }) => Instances).map(
            ({ Tags = [] }) => Tags.find(({ Key }) => Key === "eks:nodegroup-name")?.Value ?? "",
        );
        assert.deepEqual(counts(tags, ["sandbox", "sandbox-2", "sandbox-3"]), [3, 2, 2]);
    });

    it("spreads the nodes evenly over the roles, and at the same time over the subnets", async () => {
        assert.deepEqual(counts((await roleOfNode()).values(), roles), [3, 2, 2]);
        const subnets = Object.values(await sandbox.nodes.subnets());
        assert.deepEqual(counts(subnets, sandbox.subnetIds), [2, 1, 1, 1, 1, 1]);
    });

    it("has its subnets in four zones, and its cluster in one subnet of each", async () => {
        const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: sandbox.subnetIds }));
        const zoneOf = new Map(
            Subnets.map(({ SubnetId, AvailabilityZone }) => [SubnetId, AvailabilityZone?.slice(-1)]),
        );
        assert.deepEqual(
            sandbox.subnetIds.map((id) => zoneOf.get(id)),
            ["a", "b", "c", "d", "a", "b"],
        );
        const { cluster } = await eks.send(new DescribeClusterCommand({ name: sandbox.clusterName }));
        assert.deepEqual(cluster?.resourcesVpcConfig?.subnetIds, sandbox.subnetIds.slice(0, 4));
    });

    it("lets a node join with another role, and puts a lost one back with its role where it was", async () => {
        const [, , last = ""] = roles;
        const joined = await sandbox.nodes.add({ instanceProfile: last, subnetId: sandbox.subnetIds[4] });
        const node = await core.readNode({ name: joined });
        assert.equal(node.metadata?.labels?.["eks.amazonaws.com/nodegroup"], "sandbox-3");
        const before = await roleOfNode();
        assert.equal(before.get(joined), last);
        const [lost = ""] = [...before].flatMap(([name, role]) => (role === last && name !== joined ? [name] : []));
        const subnet = (await sandbox.nodes.subnets())[lost] ?? "";
        await sandbox.nodes.remove(lost);
        await sandbox.reset();
        assert.deepEqual(counts((await roleOfNode()).values(), roles), [3, 2, 2]);
        const again = Object.entries(await sandbox.nodes.subnets()).filter(([name]) => !before.has(name));
        assert.deepEqual(
            again.map(([, id]) => id),
            [subnet],
        );
    });

    /** Takes policies from the last node role, or gives them back. Both grant ec2:DescribeInstances. */
    async function setBootPolicies(areAttached: boolean): Promise<void> {
        for (const PolicyArn of [workerPolicy, cniPolicy]) {
            const input = { RoleName: "sandbox-nodes-3", PolicyArn };
            await (areAttached
                ? iam.send(new AttachRolePolicyCommand(input))
                : iam.send(new DetachRolePolicyCommand(input)));
        }
    }

    it("lets no node join whose role may not ask EC2 for its name, but one that is named i-…, and lets it join once it may", async () => {
        const names = async () => (await core.listNode()).items.map(({ metadata }) => metadata?.name ?? "");
        const launched = { instanceProfile: "sandbox-nodes-3" };
        await sandbox.setAwsDelays({ enforcementSeconds: 0 });
        const before = await names();
        await setBootPolicies(false);
        const refusal: Error = await sandbox.nodes.add(launched).then(
            (name) => assert.fail(`${name} has joined`),
            (error: unknown) => error as Error,
        );
        const why =
            /The instance (i-\w+) runs, and has not joined the cluster: UnauthorizedOperation: .* ec2:DescribeInstances because/;
        assert.match(refusal.message, why);
        const [, id = ""] = why.exec(refusal.message) ?? [];
        const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
        assert.equal(Reservations[0]?.Instances?.[0]?.State?.Name, "running");
        assert.deepEqual(await names(), before);

        const named = await sandbox.nodes.add({ ...launched, instanceIdNodeName: true });
        assert.match(named, /^i-\w+$/);
        assert.deepEqual((await names()).sort(), [...before, named].sort());
        const { spec } = await core.readNode({ name: named });
        assert.equal(spec?.providerID?.split("/").at(-1), named);

        await setBootPolicies(true);
        while ((await core.listNode()).items.every(({ spec: of }) => !of?.providerID?.endsWith(`/${id}`))) {
            await sleep(100);
        }
        assert.equal((await names()).length, before.length + 2);
        // A boot that has not ended does not outlive the reset.
        await setBootPolicies(false);
        await assert.rejects(sandbox.nodes.add(launched), why);
        await sandbox.reset();
        await sleep(1500);
        assert.deepEqual((await names()).sort(), before.sort());
    });
});
