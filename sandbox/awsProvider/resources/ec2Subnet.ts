import type { EC2, Subnet } from "@aws-sdk/client-ec2";
import { explain, hasCode, ifFound } from "../aws/errors";
import { retryWhen } from "../aws/retry";
import { boolean, notImplemented, output, regionProperty, Schema, string, tagProperties } from "../bridge/schema";
import { tagMap, tagState } from "../bridge/tags";
import { asString, defined, ValueMap } from "../bridge/values";
import { setEc2Tags, tagSpecifications } from "./ec2Tags";
import { Change, Context, ResourceType } from "./resourceType";

const DELETE_TIMEOUT_MILLISECONDS = 20 * 60_000;

/** terraform-provider-aws internal/service/ec2/vpc_subnet.go. Enough for nodes; no IPAM, no Outposts. */
const schema: Schema = {
    arn: output(),
    assignIpv6AddressOnCreation: boolean({ default: false }),
    availabilityZone: string({ computed: true, forceNew: true, conflictsWith: ["availabilityZoneId"] }),
    availabilityZoneId: string({ computed: true, forceNew: true, conflictsWith: ["availabilityZone"] }),
    cidrBlock: string({ computed: true, forceNew: true }),
    customerOwnedIpv4Pool: notImplemented,
    enableDns64: notImplemented,
    enableLniAtDeviceIndex: notImplemented,
    enableResourceNameDnsARecordOnLaunch: notImplemented,
    enableResourceNameDnsAaaaRecordOnLaunch: notImplemented,
    ipv4IpamPoolId: notImplemented,
    ipv4NetmaskLength: notImplemented,
    ipv6CidrBlock: string({ computed: true }),
    ipv6CidrBlockAssociationId: output(),
    ipv6IpamPoolId: notImplemented,
    ipv6Native: notImplemented,
    ipv6NetmaskLength: notImplemented,
    mapCustomerOwnedIpOnLaunch: notImplemented,
    mapPublicIpOnLaunch: boolean({ default: false }),
    outpostArn: notImplemented,
    ownerId: output(),
    privateDnsHostnameTypeOnLaunch: notImplemented,
    ...regionProperty,
    ...tagProperties,
    vpcId: string({ required: true, forceNew: true }),
};

export const subnet: ResourceType = {
    token: "aws:ec2/subnet:Subnet",
    label: "EC2 Subnet",
    schema,
    create,
    read,
    update,
    delete: deleteSubnet,
};

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const ec2 = await context.aws.ec2(asString(inputs["region"]));
    const made = await explain(
        "creating EC2 Subnet",
        ec2.createSubnet({
            VpcId: asString(inputs["vpcId"]),
            AvailabilityZone: asString(inputs["availabilityZone"]),
            AvailabilityZoneId: asString(inputs["availabilityZoneId"]),
            CidrBlock: asString(inputs["cidrBlock"]),
            Ipv6CidrBlock: asString(inputs["ipv6CidrBlock"]),
            TagSpecifications: tagSpecifications("subnet", inputs["tagsAll"]),
        }),
    );
    const id = made.Subnet?.SubnetId ?? "";
    created(id);
    await setLaunch(ec2, id, {
        publicIp: inputs["mapPublicIpOnLaunch"] === true ? true : undefined,
        ipv6: inputs["assignIpv6AddressOnCreation"] === true ? true : undefined,
    });
}

interface Launch {
    readonly publicIp: boolean | undefined;
    readonly ipv6: boolean | undefined;
}

/** "You cannot modify multiple subnet attributes in the same request" (EC2 API, ModifySubnetAttribute). */
async function setLaunch(ec2: EC2, SubnetId: string, { publicIp, ipv6 }: Launch): Promise<void> {
    if (publicIp !== undefined) {
        const request = { SubnetId, MapPublicIpOnLaunch: { Value: publicIp } };
        await explain(`setting EC2 Subnet (${SubnetId}) MapPublicIpOnLaunch`, ec2.modifySubnetAttribute(request));
    }
    if (ipv6 !== undefined) {
        const request = { SubnetId, AssignIpv6AddressOnCreation: { Value: ipv6 } };
        await explain(
            `setting EC2 Subnet (${SubnetId}) AssignIpv6AddressOnCreation`,
            ec2.modifySubnetAttribute(request),
        );
    }
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const region = asString(prior?.["region"]) ?? context.config.region;
    const ec2 = await context.aws.ec2(region);
    const [actual] = (await ifFound(ec2.describeSubnets({ SubnetIds: [id] })))?.Subnets ?? [];
    return actual === undefined
        ? undefined
        : {
              ...describe(actual),
              region,
              ...tagState(tagMap(actual.Tags), context.config.defaultTags, prior?.["tags"]),
          };
}

function describe(actual: Subnet): ValueMap {
    const [ipv6] = actual.Ipv6CidrBlockAssociationSet ?? [];
    return defined({
        arn: actual.SubnetArn,
        assignIpv6AddressOnCreation: actual.AssignIpv6AddressOnCreation ?? false,
        availabilityZone: actual.AvailabilityZone,
        availabilityZoneId: actual.AvailabilityZoneId,
        cidrBlock: actual.CidrBlock,
        ipv6CidrBlock: ipv6?.Ipv6CidrBlock ?? "",
        ipv6CidrBlockAssociationId: ipv6?.AssociationId ?? "",
        mapPublicIpOnLaunch: actual.MapPublicIpOnLaunch ?? false,
        ownerId: actual.OwnerId,
        vpcId: actual.VpcId,
    });
}

async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const ec2 = await context.aws.ec2(asString(news["region"]));
    if (has("ipv6CidrBlock")) {
        throw new Error("the stand-in for the AWS provider does not implement a change of ipv6CidrBlock");
    }
    await setLaunch(ec2, id, {
        publicIp: has("mapPublicIpOnLaunch") ? news["mapPublicIpOnLaunch"] === true : undefined,
        ipv6: has("assignIpv6AddressOnCreation") ? news["assignIpv6AddressOnCreation"] === true : undefined,
    });
    if (has("tags", "tagsAll")) {
        await setEc2Tags(ec2, id, olds, news);
    }
}

async function deleteSubnet(context: Context, id: string, state: ValueMap): Promise<void> {
    const ec2 = await context.aws.ec2(asString(state["region"]));
    await explain(
        `deleting EC2 Subnet (${id})`,
        ifFound(
            retryWhen(
                {
                    timeoutMilliseconds: context.timeoutMilliseconds ?? DELETE_TIMEOUT_MILLISECONDS,
                    signal: context.signal,
                },
                () => ec2.deleteSubnet({ SubnetId: id }),
                (error) => hasCode(error, "DependencyViolation"),
            ),
        ),
    );
}
