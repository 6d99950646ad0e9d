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
import { type NodeGroupLaunch, type Subnet, launchInstances } from "./instances";
import { type Instance, defaultNodeGroup, zoneLetters } from "./nodes";
import type { IpFamily } from "./programs";

export interface AccountOptions {
    endpoint: string;
    region: string;
    clusterName: string;
    kubernetesVersion: string;
    ipFamily: IpFamily;
    nodes: number;
    /** How many there are, each in a zone of its own. */
    subnets: number;
}

/** Where an instance is launched, and as what. By default as all nodes. */
export type Launch = Pick<NodeGroupLaunch, "instanceProfile" | "subnetId" | "securityGroupIds" | "tags">;

const nodeRoleName = "sandbox-nodes";
const clusterRole = "sandbox-cluster";
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

/** The node role starts with the CNI's permissions, as on a cluster whose aws-node has no role of its own. */
async function makeNodeRole(iam: IAMClient, ipFamily: IpFamily): Promise<string> {
    const cniPolicy =
        ipFamily === "ipv4"
            ? managedPolicy("AmazonEKS_CNI_Policy")
            : ((
                  await iam.send(
                      new CreatePolicyCommand({
                          PolicyName: "AmazonEKS_CNI_IPv6_Policy",
                          PolicyDocument: JSON.stringify(ipv6CniPolicy),
                      }),
                  )
              ).Policy?.Arn ?? "");
    const arn = await makeRole(iam, nodeRoleName, "ec2.amazonaws.com", [
        managedPolicy("AmazonEKSWorkerNodePolicy"),
        managedPolicy("AmazonEC2ContainerRegistryReadOnly"),
        cniPolicy,
    ]);
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: nodeRoleName }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: nodeRoleName, RoleName: nodeRoleName }));
    return arn;
}

async function makeSubnets(ec2: EC2Client, region: string, count: number): Promise<Subnet[]> {
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
    return Promise.all(
        zoneLetters.slice(0, count).map(async (letter, index) => {
            const zone = `${region}${letter}`;
            // Room for about four thousand nodes each, below the addresses of pods (10.0.128.0/17).
            const subnet = { VpcId: Vpc?.VpcId, CidrBlock: `10.0.${16 * (index + 1)}.0/20`, AvailabilityZone: zone };
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

    /** Creates the cluster in the subnets, with its role, and returns its OIDC issuer. */
    public async createCluster(): Promise<string> {
        const policies = [managedPolicy("AmazonEKSClusterPolicy")];
        const roleArn = await makeRole(this.iam, clusterRole, "eks.amazonaws.com", policies);
        return makeCluster(this.eks, this.options, roleArn, this.subnets);
    }

    /** Creates the issuer's OIDC provider in IAM, and a node group with its role and instances. */
    public async createNodes(issuer: string): Promise<{ oidcProviderArn: string; instances: Instance[] }> {
        const provider = new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
        const { OpenIDConnectProviderArn: oidcProviderArn = "" } = await this.iam.send(provider);
        const nodeRole = await makeNodeRole(this.iam, this.options.ipFamily);
        const { clusterName, nodes } = this.options;
        await this.eks.send(
            new CreateNodegroupCommand({
                clusterName,
                nodegroupName: defaultNodeGroup,
                nodeRole,
                subnets: this.subnets.map(({ id }) => id),
                scalingConfig: { minSize: 0, desiredSize: nodes, maxSize: nodes },
            }),
        );
        return { oidcProviderArn, instances: await this.launch(nodes) };
    }

    /** Launches instances of the node group. */
    public launch(count: number, as: Launch = {}): Promise<Instance[]> {
        const group = { clusterName: this.options.clusterName, nodeGroup: defaultNodeGroup, count };
        return launchInstances(this.ec2, this.subnets, { ...group, instanceProfile: nodeRoleName, ...as });
    }

    public async terminate(instances: Instance[]): Promise<void> {
        await this.ec2.send(new TerminateInstancesCommand({ InstanceIds: instances.map(({ id }) => id) }));
    }
}
