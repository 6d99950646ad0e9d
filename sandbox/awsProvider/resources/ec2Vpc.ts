import type { EC2, Vpc, VpcAttributeName } from "@aws-sdk/client-ec2";
import { explain, hasCode, ifFound } from "../aws/errors";
import { retryWhen } from "../aws/retry";
import { boolean, notImplemented, output, regionProperty, Schema, string, tagProperties } from "../bridge/schema";
import { tagMap, tagState } from "../bridge/tags";
import { asString, defined, ValueMap } from "../bridge/values";
import { partitionOf } from "../functions/partitions";
import { setEc2Tags, tagSpecifications } from "./ec2Tags";
import { Change, Context, ResourceType } from "./resourceType";

const DELETE_TIMEOUT_MILLISECONDS = 5 * 60_000;

/** terraform-provider-aws internal/service/ec2/vpc_.go. Enough for a cluster; no IPAM. */
const schema: Schema = {
    arn: output(),
    assignGeneratedIpv6CidrBlock: boolean(),
    cidrBlock: string({ computed: true, forceNew: true }),
    defaultNetworkAclId: output(),
    defaultRouteTableId: output(),
    defaultSecurityGroupId: output(),
    dhcpOptionsId: output(),
    enableDnsHostnames: boolean({ computed: true }),
    enableDnsSupport: boolean({ default: true }),
    enableNetworkAddressUsageMetrics: notImplemented,
    instanceTenancy: notImplemented,
    ipv4IpamPoolId: notImplemented,
    ipv4NetmaskLength: notImplemented,
    ipv6AssociationId: output(),
    ipv6CidrBlock: { ...notImplemented, computed: true },
    ipv6CidrBlockNetworkBorderGroup: { ...notImplemented, computed: true },
    ipv6IpamPoolId: notImplemented,
    ipv6NetmaskLength: notImplemented,
    mainRouteTableId: output(),
    ownerId: output(),
    ...regionProperty,
    ...tagProperties,
};

export const vpc: ResourceType = {
    token: "aws:ec2/vpc:Vpc",
    label: "EC2 VPC",
    schema,
    create,
    read,
    update,
    delete: deleteVpc,
};

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const ec2 = await context.aws.ec2(asString(inputs["region"]));
    const made = await explain(
        "creating EC2 VPC",
        ec2.createVpc({
            AmazonProvidedIpv6CidrBlock: inputs["assignGeneratedIpv6CidrBlock"] === true,
            CidrBlock: asString(inputs["cidrBlock"]),
            TagSpecifications: tagSpecifications("vpc", inputs["tagsAll"]),
        }),
    );
    const id = made.Vpc?.VpcId ?? "";
    created(id);
    // A new VPC has DNS support and no DNS host names (vpc_.go, resourceVPCCreate).
    await setDns(ec2, id, {
        hostnames: inputs["enableDnsHostnames"] === true ? true : undefined,
        support: inputs["enableDnsSupport"] === false ? false : undefined,
    });
}

interface Dns {
    readonly hostnames: boolean | undefined;
    readonly support: boolean | undefined;
}

/** One attribute in each request, as the API requires. */
async function setDns(ec2: EC2, VpcId: string, { hostnames, support }: Dns): Promise<void> {
    if (hostnames !== undefined) {
        const request = { VpcId, EnableDnsHostnames: { Value: hostnames } };
        await explain(`modifying EC2 VPC (${VpcId}) EnableDnsHostnames`, ec2.modifyVpcAttribute(request));
    }
    if (support !== undefined) {
        const request = { VpcId, EnableDnsSupport: { Value: support } };
        await explain(`modifying EC2 VPC (${VpcId}) EnableDnsSupport`, ec2.modifyVpcAttribute(request));
    }
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const region = asString(prior?.["region"]) ?? context.config.region;
    const ec2 = await context.aws.ec2(region);
    const [actual] = (await ifFound(ec2.describeVpcs({ VpcIds: [id] })))?.Vpcs ?? [];
    if (actual === undefined) {
        return undefined;
    }
    return {
        ...describe(actual, region),
        ...(await describeDefaults(ec2, id)),
        enableDnsHostnames: await attribute(ec2, id, "enableDnsHostnames"),
        enableDnsSupport: await attribute(ec2, id, "enableDnsSupport"),
        region,
        ...tagState(tagMap(actual.Tags), context.config.defaultTags, prior?.["tags"]),
    };
}

function describe(actual: Vpc, region: string): ValueMap {
    const [ipv6] = actual.Ipv6CidrBlockAssociationSet ?? [];
    return defined({
        arn: `arn:${partitionOf(region).partition}:ec2:${region}:${actual.OwnerId ?? ""}:vpc/${actual.VpcId ?? ""}`,
        assignGeneratedIpv6CidrBlock: ipv6 !== undefined,
        cidrBlock: actual.CidrBlock,
        dhcpOptionsId: actual.DhcpOptionsId,
        ipv6AssociationId: ipv6?.AssociationId ?? "",
        ipv6CidrBlock: ipv6?.Ipv6CidrBlock ?? "",
        ipv6CidrBlockNetworkBorderGroup: ipv6?.NetworkBorderGroup ?? "",
        ownerId: actual.OwnerId,
    });
}

async function attribute(ec2: EC2, VpcId: string, Attribute: VpcAttributeName): Promise<boolean> {
    const { EnableDnsHostnames, EnableDnsSupport } = await ec2.describeVpcAttribute({ VpcId, Attribute });
    return (EnableDnsHostnames ?? EnableDnsSupport)?.Value ?? false;
}

/** The objects that AWS creates with a VPC. */
async function describeDefaults(ec2: EC2, id: string): Promise<ValueMap> {
    const ofVpc = { Name: "vpc-id", Values: [id] };
    const acls = await ec2.describeNetworkAcls({ Filters: [ofVpc, { Name: "default", Values: ["true"] }] });
    const tables = await ec2.describeRouteTables({ Filters: [ofVpc, { Name: "association.main", Values: ["true"] }] });
    const groups = await ec2.describeSecurityGroups({ Filters: [ofVpc, { Name: "group-name", Values: ["default"] }] });
    const mainRouteTable = tables.RouteTables?.[0]?.RouteTableId ?? "";
    return {
        defaultNetworkAclId: acls.NetworkAcls?.[0]?.NetworkAclId ?? "",
        defaultRouteTableId: mainRouteTable,
        defaultSecurityGroupId: groups.SecurityGroups?.[0]?.GroupId ?? "",
        mainRouteTableId: mainRouteTable,
    };
}

async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const ec2 = await context.aws.ec2(asString(news["region"]));
    if (has("assignGeneratedIpv6CidrBlock")) {
        throw new Error(
            "the stand-in for the AWS provider does not implement a change of assignGeneratedIpv6CidrBlock",
        );
    }
    await setDns(ec2, id, {
        hostnames: has("enableDnsHostnames") ? news["enableDnsHostnames"] === true : undefined,
        support: has("enableDnsSupport") ? news["enableDnsSupport"] === true : undefined,
    });
    if (has("tags", "tagsAll")) {
        await setEc2Tags(ec2, id, olds, news);
    }
}

async function deleteVpc(context: Context, id: string, state: ValueMap): Promise<void> {
    const ec2 = await context.aws.ec2(asString(state["region"]));
    await explain(
        `deleting EC2 VPC (${id})`,
        ifFound(
            retryWhen(
                {
                    timeoutMilliseconds: context.timeoutMilliseconds ?? DELETE_TIMEOUT_MILLISECONDS,
                    signal: context.signal,
                },
                () => ec2.deleteVpc({ VpcId: id }),
                (error) => hasCode(error, "DependencyViolation"),
            ),
        ),
    );
}
