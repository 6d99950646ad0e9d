import {
    CreateSecurityGroupCommand,
    DescribeInstancesCommand,
    DescribeSubnetsCommand,
    EC2Client,
    type Instance,
} from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, IAMClient } from "@aws-sdk/client-iam";
import { CoreV1Api } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { loadKubeconfig } from "../../../kubeconfigs";
import { type Sandbox, startSandbox } from "../../../sandbox";

const nodes = 8;

describe("A sandbox with four subnets", function () {
    this.timeout(180_000);
    let sandbox: Sandbox;
    let core: CoreV1Api;
    let ec2: EC2Client;
    let aws: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };

    before(async () => {
        sandbox = await startSandbox({
            name: `subnets-test-${process.pid}`,
            nodes,
            subnets: 4,
            podReadySeconds: 0.2,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        core = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(CoreV1Api);
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        aws = { endpoint: sandbox.awsEndpoint, region: sandbox.region, credentials };
        ec2 = new EC2Client(aws);
    });
    after(() => sandbox.stop());
    afterEach(() => sandbox.reset());

    /** The instance of a node, as EC2 shows it by a filter. */
    const instanceOf = async (name: string): Promise<Instance> => {
        const { spec } = await core.readNode({ name });
        const Filters = [{ Name: "instance-id", Values: [spec?.providerID?.split("/").at(-1) ?? ""] }];
        const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }));
        const [instance] = Reservations.flatMap(({ Instances = [] }) => Instances);
        return instance ?? assert.fail(`${name} has no instance`);
    };
    const nodesOf = (subnets: Record<string, string>) =>
        sandbox.subnetIds.map((id) => Object.values(subnets).filter((subnet) => subnet === id).length);

    it("has two of eight nodes in each, and each subnet in a zone of its own", async () => {
        assert.deepEqual(nodesOf(await sandbox.nodes.subnets()), [2, 2, 2, 2]);
        const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: sandbox.subnetIds }));
        assert.deepEqual(Subnets.map(({ AvailabilityZone }) => AvailabilityZone).sort(), [
            "us-west-2a",
            "us-west-2b",
            "us-west-2c",
            "us-west-2d",
        ]);
    });

    it("shows the subnet, the zone and the security groups of each node's instance in EC2", async () => {
        for (const [name, subnetId] of Object.entries(await sandbox.nodes.subnets())) {
            const { SubnetId, Placement, SecurityGroups = [], NetworkInterfaces = [] } = await instanceOf(name);
            const { metadata } = await core.readNode({ name });
            assert.equal(SubnetId, subnetId);
            assert.equal(Placement?.AvailabilityZone, metadata?.labels?.["topology.kubernetes.io/zone"]);
            assert.deepEqual(
                SecurityGroups.map(({ GroupName }) => GroupName),
                ["default"],
            );
            assert.deepEqual(NetworkInterfaces[0]?.Groups, SecurityGroups);
        }
    });

    it("lets a node join with an instance profile of its own, by default in the first subnet", async () => {
        const iam = new IAMClient(aws);
        const InstanceProfileName = "own-profile";
        await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
        const withRole = { InstanceProfileName, RoleName: "sandbox-nodes" };
        await iam.send(new AddRoleToInstanceProfileCommand(withRole));
        const { SubnetId, IamInstanceProfile } = await instanceOf(
            await sandbox.nodes.add({ instanceProfile: "own-profile" }),
        );
        assert.equal(SubnetId, sandbox.subnetIds[0]);
        assert.match(IamInstanceProfile?.Arn ?? "", /instance-profile\/own-profile$/);
    });

    it("lets a node join in a subnet, with security groups of its own, and puts a lost one back where it was", async () => {
        const [, , subnetId = ""] = sandbox.subnetIds;
        const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
        const group = { GroupName: "own", Description: "own", VpcId: Subnets[0]?.VpcId };
        const { GroupId = "" } = await ec2.send(new CreateSecurityGroupCommand(group));
        const name = await sandbox.nodes.add({ subnetId, securityGroupIds: [GroupId] });
        const instance = await instanceOf(name);
        assert.deepEqual([instance.SubnetId, instance.SecurityGroups?.map((of) => of.GroupId)], [subnetId, [GroupId]]);
        assert.deepEqual(nodesOf(await sandbox.nodes.subnets()), [2, 2, 3, 2]);
        const [last = ""] = Object.entries(await sandbox.nodes.subnets()).flatMap(([node, subnet]) =>
            subnet === sandbox.subnetIds[3] ? [node] : [],
        );
        await sandbox.nodes.remove(last);
        await sandbox.reset();
        assert.deepEqual(nodesOf(await sandbox.nodes.subnets()), [2, 2, 2, 2]);
        await assert.rejects(core.readNode({ name }), { code: 404 });
    });

    it("refuses a subnet that it does not have", async () => {
        await assert.rejects(sandbox.nodes.add({ subnetId: "subnet-0" }), /The cluster has no subnet subnet-0/);
    });
});
