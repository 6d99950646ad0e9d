import type {
    LaunchTemplateSpecification,
    Nodegroup,
    NodegroupScalingConfig,
    NodegroupUpdateConfig,
    Taint,
    TaintEffect,
    UpdateLabelsPayload,
    UpdateTaintsPayload,
} from "@aws-sdk/client-eks";
import { namePrefixFromName, UNIQUE_ID_LENGTH } from "../bridge/autoName";
import {
    block,
    blocks,
    boolean,
    integer,
    map,
    notImplemented,
    output,
    regionProperty,
    Schema,
    string,
    strings,
    tagProperties,
} from "../bridge/schema";
import { tagChange } from "../bridge/tags";
import { between, length, oneOf } from "../bridge/validators";
import { asMap, asMaps, asNumber, asString, defined, Value, ValueMap } from "../bridge/values";

/** terraform-provider-aws internal/service/eks/node_group.go; name: pulumi-aws provider/resource_overrides.go. */
export const schema: Schema = {
    amiType: string({ computed: true, forceNew: true }),
    arn: output(),
    capacityType: string({ computed: true, forceNew: true, validate: oneOf("ON_DEMAND", "SPOT", "CAPACITY_BLOCK") }),
    clusterName: string({ required: true, forceNew: true }),
    diskSize: integer({ computed: true, forceNew: true }),
    forceUpdateVersion: boolean(),
    instanceTypes: strings("list", { computed: true, forceNew: true }),
    labels: map(),
    launchTemplate: block({
        id: string({ computed: true, forceNew: true, conflictsWith: ["name"] }),
        name: string({ computed: true, forceNew: true, conflictsWith: ["id"] }),
        version: string({ required: true, validate: length(1, 255) }),
    }),
    nodeGroupName: string({
        computed: true,
        forceNew: true,
        conflictsWith: ["nodeGroupNamePrefix"],
        autoName: { maxLength: 255 },
        validate: length(0, 63),
    }),
    nodeGroupNamePrefix: string({
        computed: true,
        forceNew: true,
        conflictsWith: ["nodeGroupName"],
        validate: length(0, 63 - UNIQUE_ID_LENGTH),
    }),
    nodeRepairConfig: notImplemented,
    nodeRoleArn: string({ required: true, forceNew: true, validate: length(1, 2048) }),
    ...regionProperty,
    releaseVersion: string({ computed: true }),
    remoteAccess: notImplemented,
    resources: { ...blocks("list", {}), output: true },
    scalingConfig: block(
        {
            desiredSize: integer({ required: true, validate: between(0, Infinity) }),
            maxSize: integer({ required: true, validate: between(1, Infinity) }),
            minSize: integer({ required: true, validate: between(0, Infinity) }),
        },
        { required: true },
    ),
    status: output(),
    subnetIds: strings("set", { required: true, forceNew: true }),
    ...tagProperties,
    taints: blocks("set", {
        effect: string({ required: true, validate: oneOf("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE") }),
        key: string({ required: true, validate: length(1, 63) }),
        value: string({ validate: length(0, 63) }),
    }),
    updateConfig: block(
        {
            maxUnavailable: integer({ validate: between(1, 100), conflictsWith: ["maxUnavailablePercentage"] }),
            maxUnavailablePercentage: integer({ validate: between(1, 100), conflictsWith: ["maxUnavailable"] }),
            updateStrategy: notImplemented,
        },
        { computed: true },
    ),
    version: string({ computed: true }),
    warmPoolConfig: notImplemented,
};

export function describeNodeGroup(actual: Nodegroup, prior: ValueMap | undefined): ValueMap {
    const name = actual.nodegroupName ?? "";
    const groups = actual.resources?.autoScalingGroups ?? [];
    return defined({
        amiType: actual.amiType,
        arn: actual.nodegroupArn,
        capacityType: actual.capacityType,
        clusterName: actual.clusterName,
        diskSize: actual.diskSize,
        forceUpdateVersion: prior?.["forceUpdateVersion"],
        instanceTypes: actual.instanceTypes ?? [],
        labels: actual.labels ?? {},
        launchTemplate: actual.launchTemplate && defined({ ...actual.launchTemplate }),
        nodeGroupName: name,
        nodeGroupNamePrefix: asString(prior?.["nodeGroupNamePrefix"]) ?? namePrefixFromName(name),
        nodeRoleArn: actual.nodeRole,
        releaseVersion: actual.releaseVersion,
        resources: [
            {
                autoscalingGroups: groups.map((group) => ({ name: group.name ?? "" })),
                remoteAccessSecurityGroupId: actual.resources?.remoteAccessSecurityGroup ?? "",
            },
        ],
        scalingConfig: actual.scalingConfig && defined({ ...actual.scalingConfig }),
        status: actual.status,
        subnetIds: actual.subnets ?? [],
        taints: (actual.taints ?? []).map((taint) => defined({ ...taint })),
        // If the API does not return it, the program's value is kept.
        updateConfig: actual.updateConfig ? defined({ ...actual.updateConfig }) : prior?.["updateConfig"],
        version: actual.version,
    });
}

export function launchTemplate(value: Value | undefined): LaunchTemplateSpecification | undefined {
    const template = asMap(value);
    return (
        template && {
            id: asString(template["id"]),
            name: asString(template["name"]),
            version: asString(template["version"]),
        }
    );
}

export function scalingConfig(value: Value | undefined): NodegroupScalingConfig | undefined {
    const config = asMap(value);
    return (
        config && {
            desiredSize: asNumber(config["desiredSize"]),
            maxSize: asNumber(config["maxSize"]),
            minSize: asNumber(config["minSize"]),
        }
    );
}

export function updateConfig(value: Value | undefined): NodegroupUpdateConfig | undefined {
    const config = asMap(value);
    return (
        config && {
            maxUnavailable: asNumber(config["maxUnavailable"]),
            maxUnavailablePercentage: asNumber(config["maxUnavailablePercentage"]),
        }
    );
}

export function taints(value: Value | undefined): Taint[] | undefined {
    const list = asMaps(value).map((taint) => ({
        key: asString(taint["key"]),
        value: asString(taint["value"]),
        effect: asString(taint["effect"]) as TaintEffect | undefined,
    }));
    return list.length > 0 ? list : undefined;
}

/** node_group.go, expandUpdateLabelsPayload. */
export function labelChange(olds: Value | undefined, news: Value | undefined): UpdateLabelsPayload | undefined {
    const { set, remove } = tagChange(olds, news);
    return {
        ...(Object.keys(set).length > 0 ? { addOrUpdateLabels: set } : {}),
        ...(remove.length > 0 ? { removeLabels: remove } : {}),
    };
}

/** node_group.go, expandUpdateTaintsPayload: a taint is identified by its key and effect. */
export function taintChange(olds: Value | undefined, news: Value | undefined): UpdateTaintsPayload {
    const [before, after] = [taints(olds) ?? [], taints(news) ?? []];
    const sameKey = (left: Taint, right: Taint): boolean => left.key === right.key && left.effect === right.effect;
    const removeTaints = before.filter((old) => !after.some((now) => sameKey(old, now)));
    const addOrUpdateTaints = after.filter(
        (now) => !before.some((old) => sameKey(old, now) && old.value === now.value),
    );
    return {
        ...(removeTaints.length > 0 ? { removeTaints } : {}),
        ...(addOrUpdateTaints.length > 0 ? { addOrUpdateTaints } : {}),
    };
}
