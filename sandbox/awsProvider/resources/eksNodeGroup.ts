import type { AMITypes, CapacityTypes, CreateNodegroupCommandInput, EKS, Nodegroup } from "@aws-sdk/client-eks";
import { explain, ifFound } from "../aws/errors";
import { waitUntil } from "../aws/retry";
import { prefixedUniqueId } from "../bridge/autoName";
import { tagState } from "../bridge/tags";
import { asNumber, asString, asStringMap, asStrings, ValueMap } from "../bridge/values";
import { setTags } from "./eksCluster";
import {
    describeNodeGroup,
    labelChange,
    launchTemplate,
    scalingConfig,
    schema,
    taintChange,
    taints,
    updateConfig,
} from "./eksNodeGroupSchema";
import { awaitUpdate } from "./eksUpdate";
import { Change, Context, ResourceType } from "./resourceType";

const DEFAULT_TIMEOUT_MILLISECONDS = 60 * 60_000;

/** terraform-provider-aws internal/service/eks/node_group.go. */
export const nodeGroup: ResourceType = {
    token: "aws:eks/nodeGroup:NodeGroup",
    label: "EKS Node Group",
    schema,
    create,
    read,
    update,
    delete: deleteNodeGroup,
};

interface Key {
    readonly clusterName: string;
    readonly nodegroupName: string;
}

/** internal/service/eks/id.go, NodeGroupParseResourceID: `<cluster>:<node group>`. */
function parseId(id: string): Key {
    const [clusterName, nodegroupName, more] = id.split(":");
    if (!clusterName || !nodegroupName || more !== undefined) {
        throw new Error(`unexpected format for ID (${id}), expected cluster-name:node-group-name`);
    }
    return { clusterName, nodegroupName };
}

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const eks = await context.aws.eks(asString(inputs["region"]));
    const key = {
        clusterName: asString(inputs["clusterName"]) ?? "",
        nodegroupName:
            asString(inputs["nodeGroupName"]) ?? prefixedUniqueId(asString(inputs["nodeGroupNamePrefix"]) ?? ""),
    };
    const id = `${key.clusterName}:${key.nodegroupName}`;
    await explain(`creating EKS Node Group (${id})`, eks.createNodegroup(request(key, inputs)));
    created(id);
    await explain(`waiting for EKS Node Group (${id}) create`, awaitActive(context, eks, key));
}

function request(key: Key, inputs: ValueMap): CreateNodegroupCommandInput {
    const instanceTypes = asStrings(inputs["instanceTypes"]);
    return {
        ...key,
        nodeRole: asString(inputs["nodeRoleArn"]),
        subnets: asStrings(inputs["subnetIds"]),
        tags: asStringMap(inputs["tagsAll"]),
        amiType: asString(inputs["amiType"]) as AMITypes | undefined,
        capacityType: asString(inputs["capacityType"]) as CapacityTypes | undefined,
        diskSize: asNumber(inputs["diskSize"]),
        instanceTypes: instanceTypes.length > 0 ? instanceTypes : undefined,
        labels: asStringMap(inputs["labels"]),
        launchTemplate: launchTemplate(inputs["launchTemplate"]),
        releaseVersion: asString(inputs["releaseVersion"]),
        scalingConfig: scalingConfig(inputs["scalingConfig"]),
        taints: taints(inputs["taints"]),
        updateConfig: updateConfig(inputs["updateConfig"]),
        version: asString(inputs["version"]),
    };
}

async function find(eks: EKS, key: Key): Promise<Nodegroup | undefined> {
    return (await ifFound(eks.describeNodegroup({ ...key })))?.nodegroup;
}

async function awaitActive(context: Context, eks: EKS, key: Key): Promise<void> {
    const found = await waitUntil(
        { timeoutMilliseconds: context.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS, signal: context.signal },
        () => find(eks, key),
        (seen) => seen?.status !== "CREATING",
        (seen) => String(seen?.status),
    );
    if (found?.status !== "ACTIVE") {
        throw new Error(`unexpected state '${found?.status ?? "gone"}', wanted target 'ACTIVE'${lastError(found)}`);
    }
}

/** EKS's report of a node group's issues (node_group.go, issuesError). */
function lastError(group: Nodegroup | undefined): string {
    const issues = (group?.health?.issues ?? []).map(
        ({ code = "", message = "", resourceIds = [] }) => `${resourceIds.join(", ")}: ${code}: ${message}`,
    );
    return issues.length === 0 ? "" : `. last error: ${issues.join("\n")}`;
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const region = asString(prior?.["region"]) ?? context.config.region;
    const eks = await context.aws.eks(region);
    const actual = (await ifFound(eks.describeNodegroup({ ...parseId(id) })))?.nodegroup;
    if (actual === undefined) {
        return undefined;
    }
    return {
        ...describeNodeGroup(actual, prior),
        region,
        ...tagState(actual.tags ?? {}, context.config.defaultTags, prior?.["tags"]),
    };
}

async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const key = parseId(id);
    const target = { name: key.clusterName, nodegroupName: key.nodegroupName };
    const eks = await context.aws.eks(asString(news["region"]));
    if (has("launchTemplate", "releaseVersion", "version")) {
        const started = eks.updateNodegroupVersion({
            ...key,
            force: news["forceUpdateVersion"] === true,
            launchTemplate: launchTemplate(news["launchTemplate"]),
            ...(has("releaseVersion") ? { releaseVersion: asString(news["releaseVersion"]) } : {}),
            ...(has("version") ? { version: asString(news["version"]) } : {}),
        });
        await explain(`updating EKS Node Group (${id}) version`, awaitUpdate(context, eks, target, started));
    }
    if (has("labels", "scalingConfig", "taints", "updateConfig")) {
        const started = eks.updateNodegroupConfig({
            ...key,
            labels: labelChange(olds["labels"], news["labels"]),
            taints: taintChange(olds["taints"], news["taints"]),
            ...(has("scalingConfig") ? { scalingConfig: scalingConfig(news["scalingConfig"]) } : {}),
            ...(has("updateConfig") ? { updateConfig: updateConfig(news["updateConfig"]) } : {}),
        });
        await explain(`updating EKS Node Group (${id}) config`, awaitUpdate(context, eks, target, started));
    }
    if (has("tags", "tagsAll")) {
        await setTags(eks, asString(olds["arn"]) ?? "", olds, news);
    }
}

async function deleteNodeGroup(context: Context, id: string, state: ValueMap): Promise<void> {
    const key = parseId(id);
    const eks = await context.aws.eks(asString(state["region"]));
    const gone = await explain(`deleting EKS Node Group (${id})`, ifFound(eks.deleteNodegroup({ ...key })));
    if (gone === undefined) {
        return;
    }
    await explain(
        `waiting for EKS Node Group (${id}) delete`,
        waitUntil(
            {
                timeoutMilliseconds: context.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS,
                signal: context.signal,
            },
            () => find(eks, key),
            (seen) => seen === undefined,
            (seen) => String(seen?.status),
        ),
    );
}
