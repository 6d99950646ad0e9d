import type { SecurityGroup } from "@aws-sdk/client-ec2";
import { explain, hasCode, ifFound } from "../aws/errors";
import { retryWhen } from "../aws/retry";
import { UNIQUE_ID_LENGTH } from "../bridge/autoName";
import { boolean, output, regionProperty, Schema, string, tagProperties } from "../bridge/schema";
import { tagMap, tagState } from "../bridge/tags";
import { all, length, matches } from "../bridge/validators";
import { asString, defined, ValueMap } from "../bridge/values";
import { partitionOf } from "../functions/partitions";
import { describeRules, rules, setRules } from "./ec2SecurityGroupRules";
import { setEc2Tags, tagSpecifications } from "./ec2Tags";
import { chosenName, namingState } from "./naming";
import { Change, Context, ResourceType } from "./resourceType";

const DELETE_TIMEOUT_MILLISECONDS = 15 * 60_000;
const notAnId = matches(/^(?!sg-)/, "cannot begin with sg-");

/**
 * terraform-provider-aws internal/service/ec2/vpc_security_group.go; description and automatic names: pulumi-aws
 * provider/resource_overrides.go.
 */
const schema: Schema = {
    arn: output(),
    description: string({ default: "Managed by Pulumi", forceNew: true, validate: length(0, 255) }),
    egress: rules,
    ingress: rules,
    name: string({
        computed: true,
        forceNew: true,
        conflictsWith: ["namePrefix"],
        autoName: { maxLength: 255 },
        validate: all(length(0, 255), notAnId),
    }),
    namePrefix: string({
        computed: true,
        forceNew: true,
        conflictsWith: ["name"],
        validate: all(length(0, 255 - UNIQUE_ID_LENGTH), notAnId),
    }),
    ownerId: output(),
    ...regionProperty,
    revokeRulesOnDelete: boolean({ default: false }),
    ...tagProperties,
    vpcId: string({ computed: true, forceNew: true }),
};

export const securityGroup: ResourceType = {
    token: "aws:ec2/securityGroup:SecurityGroup",
    label: "EC2 Security Group",
    schema,
    create,
    read,
    update,
    delete: deleteGroup,
};

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const ec2 = await context.aws.ec2(asString(inputs["region"]));
    const name = chosenName(inputs);
    const { GroupId: id = "" } = await explain(
        `creating Security Group (${name})`,
        ec2.createSecurityGroup({
            GroupName: name,
            Description: asString(inputs["description"]),
            VpcId: asString(inputs["vpcId"]),
            TagSpecifications: tagSpecifications("security-group", inputs["tagsAll"]),
        }),
    );
    created(id);
    // AWS allows all outbound traffic from a new group, and the provider revokes that rule
    // (vpc_security_group.go, resourceSecurityGroupCreate).
    const [made] = (await ec2.describeSecurityGroups({ GroupIds: [id] })).SecurityGroups ?? [];
    await explain(
        `revoking default egress rules for Security Group (${id})`,
        setRules(ec2, id, "egress", describeRules(id, made?.IpPermissionsEgress), []),
    );
    await updateRules(context, id, { olds: {}, news: inputs, has: () => true });
}

async function updateRules(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const ec2 = await context.aws.ec2(asString(news["region"]));
    for (const direction of ["ingress", "egress"] as const) {
        if (has(direction) && news[direction] !== undefined) {
            const changed = setRules(ec2, id, direction, olds[direction], news[direction]);
            await explain(`updating Security Group (${id}) ${direction} rules`, changed);
        }
    }
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const region = asString(prior?.["region"]) ?? context.config.region;
    const ec2 = await context.aws.ec2(region);
    const [actual] = (await ifFound(ec2.describeSecurityGroups({ GroupIds: [id] })))?.SecurityGroups ?? [];
    if (actual === undefined) {
        return undefined;
    }
    return {
        ...describe(actual, region, prior),
        region,
        // AWS does not store it: the value of the program, or false after an import.
        revokeRulesOnDelete: prior?.["revokeRulesOnDelete"] ?? false,
        ...tagState(tagMap(actual.Tags), context.config.defaultTags, prior?.["tags"]),
    };
}

function describe(actual: SecurityGroup, region: string, prior: ValueMap | undefined): ValueMap {
    const { GroupId: id = "", OwnerId: ownerId = "" } = actual;
    return defined({
        arn: `arn:${partitionOf(region).partition}:ec2:${region}:${ownerId}:security-group/${id}`,
        description: actual.Description,
        egress: describeRules(id, actual.IpPermissionsEgress),
        ingress: describeRules(id, actual.IpPermissions),
        ...namingState(actual.GroupName ?? "", prior),
        ownerId,
        vpcId: actual.VpcId,
    });
}

async function update(context: Context, id: string, change: Change): Promise<void> {
    await updateRules(context, id, change);
    if (change.has("tags", "tagsAll")) {
        const ec2 = await context.aws.ec2(asString(change.news["region"]));
        await setEc2Tags(ec2, id, change.olds, change.news);
    }
}

async function deleteGroup(context: Context, id: string, state: ValueMap): Promise<void> {
    const ec2 = await context.aws.ec2(asString(state["region"]));
    if (state["revokeRulesOnDelete"] === true) {
        // The real provider also revokes the rules of other groups that refer to this one
        // (vpc_security_group.go, forceRevokeSecurityGroupRules).
        await setRules(ec2, id, "ingress", state["ingress"], []);
        await setRules(ec2, id, "egress", state["egress"], []);
    }
    await explain(
        `deleting Security Group (${id})`,
        ifFound(
            retryWhen(
                {
                    timeoutMilliseconds: context.timeoutMilliseconds ?? DELETE_TIMEOUT_MILLISECONDS,
                    signal: context.signal,
                },
                () => ec2.deleteSecurityGroup({ GroupId: id }),
                (error) => hasCode(error, "DependencyViolation", "InvalidGroup.InUse"),
            ),
        ),
    );
}
