import { DescribeSubnetsCommand, EC2Client, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import {
    DescribeNodegroupCommand,
    EKSClient,
    ListClustersCommand,
    ListNodegroupsCommand,
    type Nodegroup,
} from "@aws-sdk/client-eks";
import {
    AddRoleToInstanceProfileCommand,
    CreateInstanceProfileCommand,
    DeleteInstanceProfileCommand,
    IAMClient,
    RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeGroupState } from "../aws/eks/nodeGroups";
import type { Boots } from "./boots";
import { Client } from "./client";
import { launchInstances } from "./instances";
import { type Instance, nodeName, node } from "./nodes";
import type { IpFamily } from "./programs";

export interface NodeGroupsOptions {
    endpoint: string;
    region: string;
    clusterName: string;
    ipFamily: IpFamily;
    kubeconfigPath: string;
    boots: Boots;
    /** The time limit after which a node group without Ready nodes fails. On EKS it is about half an hour. */
    limitSeconds: number;
}

interface Group {
    roleName: string;
    instanceProfile: string;
    instances: Instance[];
    /** Milliseconds since the epoch. */
    deadline: number;
    state: NodeGroupState;
}

const pauseMilliseconds = 400;
const creating: NodeGroupState = { status: "CREATING", issues: [] };

/**
 * EKS's part for the managed node groups of the sandbox's cluster: launches instances, waits until the nodes are Ready,
 * and removes them. A reconcile loop, like a controller's.
 */
export class NodeGroups {
    private readonly groups = new Map<string, Group>();
    /** The node groups with resources in the account or the cluster, including incomplete ones. */
    private begun = new Set<string>();
    private readonly eks: EKSClient;
    private readonly ec2: EC2Client;
    private readonly iam: IAMClient;
    private readonly client: Client;
    private running: Promise<void> | undefined;
    private stopped = false;

    public constructor(private readonly options: NodeGroupsOptions) {
        const { endpoint, region, kubeconfigPath } = options;
        const aws = { endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
        this.eks = new EKSClient(aws);
        this.ec2 = new EC2Client(aws);
        this.iam = new IAMClient(aws);
        this.client = new Client(kubeconfigPath);
    }

    /** The state of a node group in EKS's answers. One that the loop has not seen yet is being created. */
    public state(nodeGroup: string): NodeGroupState {
        return this.groups.get(nodeGroup)?.state ?? creating;
    }

    /** Whether nodes, instances or the instance profile of a node group may still exist. */
    public remains(nodeGroup: string): boolean {
        return this.begun.has(nodeGroup);
    }

    public start(): void {
        this.running ??= this.run();
    }

    public async stop(): Promise<void> {
        this.stopped = true;
        await this.running;
    }

    private async run(): Promise<void> {
        while (!this.stopped) {
            await this.look().catch((error: unknown) => {
                // The loop looks again at objects that change while it runs.
                process.stderr.write(`node groups: ${String(error)}\n`);
            });
            await sleep(pauseMilliseconds);
        }
    }

    private async look(): Promise<void> {
        const wanted = await this.wanted();
        for (const name of wanted.filter((name) => !this.groups.has(name))) {
            await this.create(name);
        }
        for (const [name, group] of this.groups) {
            if (!wanted.includes(name)) {
                await this.remove(name, group);
            }
        }
        this.begun = new Set(this.groups.keys());
        if (this.groups.size > 0) {
            const ready = await this.client.readyNodes();
            this.groups.forEach((group) => this.judge(group, ready));
        }
    }

    /** None while the cluster does not exist. */
    private async wanted(): Promise<string[]> {
        const { clusterName } = this.options;
        const { clusters = [] } = await this.eks.send(new ListClustersCommand({}));
        return clusters.includes(clusterName)
            ? ((await this.eks.send(new ListNodegroupsCommand({ clusterName }))).nodegroups ?? [])
            : [];
    }

    private async create(name: string): Promise<void> {
        this.begun.add(name);
        const { clusterName, region, ipFamily, limitSeconds, boots } = this.options;
        const describe = new DescribeNodegroupCommand({ clusterName, nodegroupName: name });
        const { nodegroup = {} } = await this.eks.send(describe);
        const roleName = nodegroup.nodeRole?.split("/").at(-1) ?? "";
        const instanceProfile = await this.createInstanceProfile(roleName);
        const instances = await this.launch(name, nodegroup, instanceProfile);
        const deadline = Date.now() + limitSeconds * 1000;
        this.groups.set(name, { roleName, instanceProfile, instances, deadline, state: creating });
        const version = await this.client.serverVersion();
        for (const instance of instances) {
            const body = node(instance, region, ipFamily, version);
            // The group fails after its limit if it does not join.
            boots.join(instance, () => this.client.registerNode(body)).catch(() => undefined);
        }
    }

    /** EKS creates one for each node group, under a name that is not derived from the node group's. */
    private async createInstanceProfile(RoleName: string): Promise<string> {
        const InstanceProfileName = `eks-${randomUUID()}`;
        await this.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
        await this.iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
        return InstanceProfileName;
    }

    /** The role may already be removed from it: deleting a role first removes the role from its profiles. */
    private async deleteInstanceProfile(InstanceProfileName: string, RoleName: string): Promise<void> {
        await this.iam
            .send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }))
            .catch(() => undefined);
        await this.iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    }

    private async launch(
        nodeGroup: string,
        { subnets, scalingConfig }: Nodegroup,
        instanceProfile: string,
    ): Promise<Instance[]> {
        const { Subnets = [] } = await this.ec2.send(new DescribeSubnetsCommand({ SubnetIds: subnets ?? [] }));
        const places = Subnets.map(({ SubnetId = "", AvailabilityZone = "" }) => ({
            id: SubnetId,
            zone: AvailabilityZone,
        }));
        const { clusterName } = this.options;
        const count = scalingConfig?.desiredSize ?? 0;
        return launchInstances(this.ec2, places, { clusterName, nodeGroup, count, instanceProfile });
    }

    private async remove(name: string, { instances, instanceProfile, roleName }: Group): Promise<void> {
        await this.options.boots.end(instances.map(({ id }) => id));
        await Promise.all(instances.map((instance) => this.client.removeNode(nodeName(instance, this.options.region))));
        await this.ec2.send(new TerminateInstancesCommand({ InstanceIds: instances.map(({ id }) => id) }));
        await this.deleteInstanceProfile(instanceProfile, roleName);
        this.groups.delete(name);
    }

    /** Once the creation has succeeded or failed, later problems of a node do not count as a failed creation. */
    private judge(group: Group, ready: Set<string>): void {
        if (group.state.status !== "CREATING") {
            return;
        }
        const late = group.instances.filter((instance) => !ready.has(nodeName(instance, this.options.region)));
        if (late.length === 0) {
            group.state = { status: "ACTIVE", issues: [] };
        } else if (Date.now() > group.deadline) {
            // https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html (NodeCreationFailure)
            const { boots } = this.options;
            const message = late.some(({ id }) => boots.has(id))
                ? "Instances failed to join the kubernetes cluster"
                : "Unhealthy nodes in the kubernetes cluster";
            const issue = { code: "NodeCreationFailure", message, resourceIds: late.map(({ id }) => id) };
            group.state = { status: "CREATE_FAILED", issues: [issue] };
        }
    }
}
