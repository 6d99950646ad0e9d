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
    /** A node group whose nodes are not Ready by then has failed. EKS waits for half an hour or so. */
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
 * What EKS does for the managed node groups of the sandbox's cluster: launches their instances, waits until the nodes are
 * Ready, and takes them away again. A loop that compares what is wanted with what is there, as a controller does.
 */
export class NodeGroups {
    private readonly groups = new Map<string, Group>();
    /** Those that have something in the account or the cluster, however much of it is made or taken away already. */
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

    /** What EKS says of a node group. One that the loop has not seen yet is being created. */
    public state(nodeGroup: string): NodeGroupState {
        return this.groups.get(nodeGroup)?.state ?? creating;
    }

    /** Whether nodes, instances or the instance profile of a node group may still be there. */
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
                // What is just changing under the loop's hands is looked at again.
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

    /** None as long as the cluster is not there. */
    private async wanted(): Promise<string[]> {
        const { clusterName } = this.options;
        const { clusters = [] } = await this.eks.send(new ListClustersCommand({}));
        return clusters.includes(clusterName)
            ? ((await this.eks.send(new ListNodegroupsCommand({ clusterName }))).nodegroups ?? [])
            : [];
    }

    private async create(name: string): Promise<void> {
        this.begun.add(name);
        const { clusterName, region, ipFamily, limitSeconds } = this.options;
        const describe = new DescribeNodegroupCommand({ clusterName, nodegroupName: name });
        const { nodegroup = {} } = await this.eks.send(describe);
        const roleName = nodegroup.nodeRole?.split("/").at(-1) ?? "";
        const instanceProfile = await this.createInstanceProfile(roleName);
        const instances = await this.launch(name, nodegroup, instanceProfile);
        const deadline = Date.now() + limitSeconds * 1000;
        this.groups.set(name, { roleName, instanceProfile, instances, deadline, state: creating });
        const version = await this.client.serverVersion();
        await Promise.all(
            instances.map((instance) => this.client.registerNode(node(instance, region, ipFamily, version, name))),
        );
    }

    /** EKS makes one for each node group, named after it in no way. */
    private async createInstanceProfile(RoleName: string): Promise<string> {
        const InstanceProfileName = `eks-${randomUUID()}`;
        await this.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
        await this.iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
        return InstanceProfileName;
    }

    /** The role may have left it already, when whoever deletes the role takes it out of its profiles. */
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
        await Promise.all(instances.map((instance) => this.client.removeNode(nodeName(instance, this.options.region))));
        await this.ec2.send(new TerminateInstancesCommand({ InstanceIds: instances.map(({ id }) => id) }));
        await this.deleteInstanceProfile(instanceProfile, roleName);
        this.groups.delete(name);
    }

    /** Once it is decided, later troubles of a node are not the creation's any more. */
    private judge(group: Group, ready: Set<string>): void {
        if (group.state.status !== "CREATING") {
            return;
        }
        const late = group.instances.filter((instance) => !ready.has(nodeName(instance, this.options.region)));
        if (late.length === 0) {
            group.state = { status: "ACTIVE", issues: [] };
        } else if (Date.now() > group.deadline) {
            // https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html (NodeCreationFailure)
            const message = "Unhealthy nodes in the kubernetes cluster";
            const issue = { code: "NodeCreationFailure", message, resourceIds: late.map(({ id }) => id) };
            group.state = { status: "CREATE_FAILED", issues: [issue] };
        }
    }
}
