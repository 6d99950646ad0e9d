import { Contract } from "./contract";
import { unique } from "./prerequisites";
import { text } from "../../../providerClient";

export const vpc: Contract = {
    type: "aws:ec2/vpc:Vpc",
    inputs: () => Promise.resolve({ cidrBlock: "10.1.0.0/16", assignGeneratedIpv6CidrBlock: true }),
    outputs: ["arn", "mainRouteTableId", "defaultSecurityGroupId", "ipv6CidrBlock", "ownerId"],
    update: {
        inputs: { enableDnsHostnames: true, tags: { Name: "cni" } },
        changes: { enableDnsHostnames: "UPDATE", "tags.Name": "ADD", "tagsAll.Name": "ADD" },
    },
    replace: { inputs: { cidrBlock: "10.2.0.0/16" }, replaces: ["cidrBlock"], deleteBeforeReplace: false },
    drift: {
        make: ({ ec2 }, id) => ec2.modifyVpcAttribute({ VpcId: id, EnableDnsSupport: { Value: false } }),
        changes: { enableDnsSupport: "UPDATE" },
    },
    tags: true,
    vanish: ({ ec2 }, id) => ec2.deleteVpc({ VpcId: id }),
    idPattern: /^vpc-[0-9a-f]+$/,
    secretProperty: "cidrBlock",
    notImplemented: "ipv4IpamPoolId",
};

export const subnet: Contract = {
    type: "aws:ec2/subnet:Subnet",
    inputs: async ({ ec2 }) => {
        const { Vpc } = await ec2.createVpc({ CidrBlock: "10.1.0.0/16" });
        return { vpcId: text(Vpc?.VpcId), cidrBlock: "10.1.1.0/24", availabilityZone: "us-west-2a" };
    },
    outputs: ["arn", "ownerId", "availabilityZoneId"],
    update: {
        inputs: { mapPublicIpOnLaunch: true, tags: { Name: "cni" } },
        changes: { mapPublicIpOnLaunch: "UPDATE", "tags.Name": "ADD", "tagsAll.Name": "ADD" },
    },
    replace: { inputs: { cidrBlock: "10.1.2.0/24" }, replaces: ["cidrBlock"], deleteBeforeReplace: false },
    drift: {
        make: ({ ec2 }, id) => ec2.modifySubnetAttribute({ SubnetId: id, MapPublicIpOnLaunch: { Value: true } }),
        changes: { mapPublicIpOnLaunch: "UPDATE" },
    },
    tags: true,
    vanish: ({ ec2 }, id) => ec2.deleteSubnet({ SubnetId: id }),
    idPattern: /^subnet-[0-9a-f]+$/,
    secretProperty: "cidrBlock",
    notImplemented: "outpostArn",
};

const https = { protocol: "tcp", fromPort: 443, toPort: 443 };

export const securityGroup: Contract = {
    type: "aws:ec2/securityGroup:SecurityGroup",
    inputs: async ({ ec2 }) => {
        const { Vpc } = await ec2.createVpc({ CidrBlock: "10.1.0.0/16" });
        return {
            name: unique("contract"),
            description: "of the control plane",
            vpcId: text(Vpc?.VpcId),
            // Two rules for AWS, where one rule has the same protocol, ports and description.
            ingress: [
                { ...https, cidrBlocks: ["10.1.0.0/16"] },
                { ...https, self: true },
                { ...https, protocol: "6", cidrBlocks: ["10.2.0.0/16"], description: "by its number" },
            ],
            egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
        };
    },
    outputs: ["arn", "ownerId"],
    update: {
        inputs: { ingress: [{ ...https, cidrBlocks: ["10.3.0.0/16"] }], egress: [], tags: { Name: "cni" } },
        changes: { ingress: "UPDATE", egress: "UPDATE", "tags.Name": "ADD", "tagsAll.Name": "ADD" },
    },
    replace: { inputs: { description: "of the nodes" }, replaces: ["description"], deleteBeforeReplace: true },
    drift: {
        make: ({ ec2 }, id) =>
            ec2.authorizeSecurityGroupIngress({
                GroupId: id,
                IpPermissions: [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
            }),
        changes: { ingress: "UPDATE" },
    },
    autoName: "name",
    tags: true,
    vanish: ({ ec2 }, id) => ec2.deleteSecurityGroup({ GroupId: id }),
    idPattern: /^sg-[0-9a-f]+$/,
    secretProperty: "description",
};
