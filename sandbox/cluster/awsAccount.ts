/** The resources around an EKS cluster in the account, created through the AWS API as an operator would. */
import { CreateSubnetCommand, CreateVpcCommand, EC2Client, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { CreateClusterCommand, CreateNodegroupCommand, DescribeClusterCommand, EKSClient } from "@aws-sdk/client-eks";
import {
    AddRoleToInstanceProfileCommand,
    AttachRolePolicyCommand,
    CreateInstanceProfileCommand,
    CreateOpenIDConnectProviderCommand,
    CreatePolicyCommand,
    CreateRoleCommand,
    IAMClient,
} from "@aws-sdk/client-iam";
import { type NodeGroupLaunch, type Subnet, launchInstances, spread } from "./instances";
import { type Instance, defaultNodeGroup, zoneLetters } from "./nodes";
import type { IpFamily } from "./programs";

export interface AccountOptions {
    endpoint: string;
    region: string;
    clusterName: string;
    kubernetesVersion: string;
    ipFamily: IpFamily;
    nodes: number;
    /** How many there are, spread evenly over the zones. */
    subnets: number;
    /** How many there are, each with a node group of its own. */
    nodeRoles: number;
}

/** Where an instance is launched, and as what. By default as the nodes of the first node group. */
export type Launch = Pick<
    NodeGroupLaunch,
    "instanceProfile" | "subnetId" | "securityGroupIds" | "tags" | "instanceIdNodeName"
>;

const clusterRole = "sandbox-cluster";

/** The name of a part of the sandbox, and of those that follow: `sandbox-nodes`, `sandbox-nodes-2`, `sandbox-nodes-3`. */
const numbered = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => (index === 0 ? name : `${name}-${index + 1}`));

/** The names of the node roles, which are those of their instance profiles. */
export function nodeRoleNames(count: number): string[] {
    return numbered("sandbox-nodes", count);
}

const managedPolicy = (name: string) => `arn:aws:iam::aws:policy/${name}`;

/**
 * There is no AWS managed policy for IPv6: this is the text of
 * https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html#cni-iam-role-create-ipv6-policy
 */
const ipv6CniPolicy = {
    Version: "2012-10-17",
    Statement: [
        {
            Effect: "Allow",
            Action: [
                "ec2:AssignIpv6Addresses",
                "ec2:DescribeInstances",
                "ec2:DescribeTags",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeInstanceTypes",
            ],
            Resource: "*",
        },
        { Effect: "Allow", Action: ["ec2:CreateTags"], Resource: ["arn:aws:ec2:*:*:network-interface/*"] },
    ],
};

const assumedBy = (service: string) =>
    JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
    });

async function makeRole(iam: IAMClient, name: string, service: string, policies: string[]): Promise<string> {
    const { Role } = await iam.send(
        new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: assumedBy(service) }),
    );
    for (const PolicyArn of policies) {
        await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn }));
    }
    return Role?.Arn ?? "";
}

/** The ARN of the policy with the CNI's permissions. */
async function cniPolicyArn(iam: IAMClient, ipFamily: IpFamily): Promise<string> {
    if (ipFamily === "ipv4") {
        return managedPolicy("AmazonEKS_CNI_Policy");
    }
    const PolicyDocument = JSON.stringify(ipv6CniPolicy);
    const { Policy } = await iam.send(
        new CreatePolicyCommand({ PolicyName: "AmazonEKS_CNI_IPv6_Policy", PolicyDocument }),
    );
    return Policy?.Arn ?? "";
}

/** A node role starts with the CNI's permissions, as on a cluster whose aws-node has no role of its own. */
async function makeNodeRole(iam: IAMClient, name: string, cniPolicy: string): Promise<string> {
    const arn = await makeRole(iam, name, "ec2.amazonaws.com", [
        managedPolicy("AmazonEKSWorkerNodePolicy"),
        managedPolicy("AmazonEC2ContainerRegistryReadOnly"),
        cniPolicy,
    ]);
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
    return arn;
}

/**
 * The zone and the addresses of each subnet: the zones in turn, below the addresses of pods (10.0.128.0/17). Up to four have
 * room for about four thousand nodes each, more for about a thousand.
 */
export function subnetPlaces(region: string, count: number): { zone: string; cidr: string }[] {
    const [blocks, prefix] = count <= zoneLetters.length ? [16, 20] : [4, 22];
    return Array.from({ length: count }, (_, index) => ({
        zone: `${region}${zoneLetters[index % zoneLetters.length]}`,
        cidr: `10.0.${16 + blocks * index}.0/${prefix}`,
    }));
}

async function makeSubnets(ec2: EC2Client, region: string, count: number): Promise<Subnet[]> {
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
    return Promise.all(
        subnetPlaces(region, count).map(async ({ zone, cidr }) => {
            const subnet = { VpcId: Vpc?.VpcId, CidrBlock: cidr, AvailabilityZone: zone };
            return { zone, id: (await ec2.send(new CreateSubnetCommand(subnet))).Subnet?.SubnetId ?? "" };
        }),
    );
}

async function makeCluster(
    eks: EKSClient,
    options: AccountOptions,
    roleArn: string,
    subnets: Subnet[],
): Promise<string> {
    const { clusterName: name, kubernetesVersion: version, ipFamily } = options;
    const { cluster } = await eks.send(
        new CreateClusterCommand({
            name,
            version,
            roleArn,
            resourcesVpcConfig: { subnetIds: subnets.map(({ id }) => id) },
            kubernetesNetworkConfig: { ipFamily },
        }),
    );
    const issuer =
        cluster?.identity?.oidc?.issuer ??
        (await eks.send(new DescribeClusterCommand({ name }))).cluster?.identity?.oidc?.issuer;
    if (issuer === undefined) {
        throw new Error(`EKS returned no OIDC issuer for the cluster ${name}`);
    }
    return issuer;
}

/** An EKS cluster in an account, created in two steps: the API server needs only the result of the first. */
export class AwsAccount {
    private readonly iam: IAMClient;
    private readonly ec2: EC2Client;
    private readonly eks: EKSClient;
    private subnets: Subnet[] = [];

    public constructor(private readonly options: AccountOptions) {
        const { region, endpoint } = options;
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        this.iam = new IAMClient({ region, endpoint, credentials });
        this.ec2 = new EC2Client({ region, endpoint, credentials });
        this.eks = new EKSClient({ region, endpoint, credentials });
    }

    /** Creates the subnets and returns their ids. */
    public async createSubnets(): Promise<string[]> {
        const { region, subnets } = this.options;
        this.subnets = await makeSubnets(this.ec2, region, subnets);
        return this.subnets.map(({ id }) => id);
    }

    /**
     * Creates the cluster with its role, in one subnet of each zone, and returns its OIDC issuer. Nodes may be in other subnets:
     * https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets
     */
    public async createCluster(): Promise<string> {
        const policies = [managedPolicy("AmazonEKSClusterPolicy")];
        const roleArn = await makeRole(this.iam, clusterRole, "eks.amazonaws.com", policies);
        return makeCluster(this.eks, this.options, roleArn, this.subnets.slice(0, zoneLetters.length));
    }

    /**
     * Creates the issuer's OIDC provider in IAM, and the node groups with their roles and instances. A managed node group has one role:
     * https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
     */
    public async createNodes(issuer: string): Promise<{ oidcProviderArn: string; instances: Instance[] }> {
        const provider = new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
        const { OpenIDConnectProviderArn: oidcProviderArn = "" } = await this.iam.send(provider);
        const cniPolicy = await cniPolicyArn(this.iam, this.options.ipFamily);
        const { nodes, nodeRoles } = this.options;
        const counts = spread(nodes, nodeRoles);
        const instances: Instance[] = [];
        // One after another: each continues in the subnet in which the one before it ended, so that the subnets come out even, too.
        for (const [index, nodeRole] of nodeRoleNames(nodeRoles).entries()) {
            const count = counts[index] ?? 0;
            const roleArn = await makeNodeRole(this.iam, nodeRole, cniPolicy);
            await this.createNodeGroup(this.nodeGroupOf(nodeRole), roleArn, count);
            const firstSubnet = instances.length % this.subnets.length;
            instances.push(...(await this.launch(count, { instanceProfile: nodeRole, firstSubnet })));
        }
        return { oidcProviderArn, instances };
    }

    private async createNodeGroup(nodegroupName: string, nodeRole: string, count: number): Promise<void> {
        await this.eks.send(
            new CreateNodegroupCommand({
                clusterName: this.options.clusterName,
                nodegroupName,
                nodeRole,
                subnets: this.subnets.map(({ id }) => id),
                // The least maximum: https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html
                scalingConfig: { minSize: 0, desiredSize: count, maxSize: Math.max(1, count) },
            }),
        );
    }

    /** Launches instances of the node group that has this instance profile, or of the first one. */
    public launch(count: number, as: Launch & { firstSubnet?: number } = {}): Promise<Instance[]> {
        const { instanceProfile = nodeRoleNames(1)[0] } = as;
        const nodeGroup = this.nodeGroupOf(instanceProfile);
        const group = { clusterName: this.options.clusterName, nodeGroup, count };
        return launchInstances(this.ec2, this.subnets, { ...group, ...as, instanceProfile });
    }

    private nodeGroupOf(instanceProfile: string | undefined): string {
        const { nodeRoles } = this.options;
        const index = nodeRoleNames(nodeRoles).findIndex((name) => name === instanceProfile);
        return numbered(defaultNodeGroup, nodeRoles)[index] ?? defaultNodeGroup;
    }

    public async terminate(instances: Instance[]): Promise<void> {
        await this.ec2.send(new TerminateInstancesCommand({ InstanceIds: instances.map(({ id }) => id) }));
    }
}
