import type { Cluster, ClusterStatus, EKS, UpdateClusterConfigCommandInput } from "@aws-sdk/client-eks";
import { explain, hasCode, ifFound, isNotFound } from "../aws/errors";
import { retryWhen, waitUntil } from "../aws/retry";
import { tagChange, tagState } from "../bridge/tags";
import { asMap, asString, asStringMap, asStrings, ValueMap } from "../bridge/values";
import { describeCluster } from "./eksClusterState";
import { accessConfig, logging, networkConfig, upgradePolicy, vpcConfig } from "./eksClusterRequest";
import { schema } from "./eksClusterSchema";
import { awaitUpdate } from "./eksUpdate";
import { Change, Context, ResourceType } from "./resourceType";

const MINUTE = 60_000;

/** terraform-provider-aws internal/service/eks/cluster.go. */
export const cluster: ResourceType = {
    token: "aws:eks/cluster:Cluster",
    label: "EKS Cluster",
    schema,
    create,
    read,
    update,
    delete: deleteCluster,
};

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const eks = await context.aws.eks(asString(inputs["region"]));
    const name = asString(inputs["name"]) ?? "";
    const request = {
        name,
        roleArn: asString(inputs["roleArn"]),
        version: asString(inputs["version"]),
        bootstrapSelfManagedAddons: inputs["bootstrapSelfManagedAddons"] !== false,
        accessConfig: accessConfig(inputs["accessConfig"]),
        kubernetesNetworkConfig: networkConfig(inputs["kubernetesNetworkConfig"]),
        resourcesVpcConfig: vpcConfig(inputs["vpcConfig"]),
        upgradePolicy: upgradePolicy(inputs["upgradePolicy"]),
        logging: logging(asStrings(inputs["enabledClusterLogTypes"])),
        tags: asStringMap(inputs["tagsAll"]),
    };
    await explain(
        `creating EKS Cluster (${name})`,
        retryWhen(
            { timeoutMilliseconds: context.propagationMilliseconds, signal: context.signal },
            () => eks.createCluster(request),
            isRoleNotReady,
        ),
    );
    created(name);
    await explain(`waiting for EKS Cluster (${name}) create`, awaitActive(context, eks, name));
}

/**
 * EKS checks the role at once, and IAM may not yet return the role or its policies (cluster.go, resourceClusterCreate).
 */
function isRoleNotReady(error: unknown): boolean {
    const notReady = [
        "does not exist",
        "Error in role params",
        "Role could not be assumed because the trusted entity is not correct",
        "The provided role doesn't have the Amazon EKS Managed Policies associated with it",
        "IAM role's policy must include",
    ];
    return hasCode(error, "InvalidParameterException") && notReady.some((message) => error.detail.includes(message));
}

async function statusOf(eks: EKS, name: string): Promise<ClusterStatus | undefined> {
    return (await ifFound(eks.describeCluster({ name })))?.cluster?.status;
}

async function awaitActive(context: Context, eks: EKS, name: string): Promise<void> {
    const status = await waitUntil(
        { timeoutMilliseconds: context.timeoutMilliseconds ?? 30 * MINUTE, signal: context.signal },
        () => statusOf(eks, name),
        (status) => status !== "CREATING" && status !== "PENDING",
        String,
    );
    if (status !== "ACTIVE") {
        throw new Error(`unexpected state '${status ?? "gone"}', wanted target 'ACTIVE'`);
    }
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const region = asString(prior?.["region"]) ?? context.config.region;
    const eks = await context.aws.eks(region);
    const actual: Cluster | undefined = (await ifFound(eks.describeCluster({ name: id })))?.cluster;
    if (actual === undefined) {
        return undefined;
    }
    return {
        ...describeCluster(actual, prior),
        region,
        ...tagState(actual.tags ?? {}, context.config.defaultTags, prior?.["tags"]),
    };
}

async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const eks = await context.aws.eks(asString(news["region"]));
    // The version comes first, and the API accepts only one kind of change at a time (cluster.go,
    // resourceClusterUpdate).
    if (has("version")) {
        const version = asString(news["version"]);
        await explain(
            `updating EKS Cluster (${id}) version`,
            awaitUpdate(context, eks, { name: id }, eks.updateClusterVersion({ name: id, version })),
        );
    }
    const configure = (what: string, change: Omit<UpdateClusterConfigCommandInput, "name">): Promise<void> =>
        explain(
            `updating EKS Cluster (${id}) ${what}`,
            awaitUpdate(context, eks, { name: id }, eks.updateClusterConfig({ name: id, ...change })),
        );
    if (has("accessConfig")) {
        const authenticationMode = accessConfig(news["accessConfig"])?.authenticationMode;
        await configure("access configuration", { accessConfig: { authenticationMode } });
    }
    if (has("enabledClusterLogTypes")) {
        await configure("logging", { logging: logging(asStrings(news["enabledClusterLogTypes"])) });
    }
    if (has("upgradePolicy")) {
        await configure("upgrade policy", { upgradePolicy: upgradePolicy(news["upgradePolicy"]) });
    }
    await updateVpc(news, has, configure);
    if (has("tags", "tagsAll")) {
        await setTags(eks, asString(olds["arn"]) ?? "", olds, news);
    }
}

type Configure = (what: string, change: Omit<UpdateClusterConfigCommandInput, "name">) => Promise<void>;

async function updateVpc(news: ValueMap, has: Change["has"], configure: Configure): Promise<void> {
    const wanted = vpcConfig(asMap(news["vpcConfig"]));
    const access = ["endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs"];
    if (has(...access.map((property) => `vpcConfig.${property}`))) {
        const { endpointPrivateAccess, endpointPublicAccess, publicAccessCidrs } = wanted;
        await configure("VPC configuration", {
            resourcesVpcConfig: { endpointPrivateAccess, endpointPublicAccess, publicAccessCidrs },
        });
    }
    if (has("vpcConfig.subnetIds")) {
        await configure("VPC configuration", { resourcesVpcConfig: { subnetIds: wanted.subnetIds } });
    }
    if (has("vpcConfig.securityGroupIds")) {
        await configure("VPC configuration", { resourcesVpcConfig: { securityGroupIds: wanted.securityGroupIds } });
    }
}

export async function setTags(eks: EKS, arn: string, olds: ValueMap, news: ValueMap): Promise<void> {
    const { set, remove } = tagChange(olds["tagsAll"], news["tagsAll"]);
    if (remove.length > 0) {
        await explain(`untagging resource (${arn})`, eks.untagResource({ resourceArn: arn, tagKeys: remove }));
    }
    if (Object.keys(set).length > 0) {
        await explain(`tagging resource (${arn})`, eks.tagResource({ resourceArn: arn, tags: set }));
    }
}

async function deleteCluster(context: Context, id: string, state: ValueMap): Promise<void> {
    const eks = await context.aws.eks(asString(state["region"]));
    const patience = {
        timeoutMilliseconds: context.timeoutMilliseconds ?? 15 * MINUTE,
        signal: context.signal,
    };
    try {
        await retryWhen(
            patience,
            () => eks.deleteCluster({ name: id }),
            (error) => hasCode(error, "ResourceInUseException") && error.detail.includes("in progress"),
        );
    } catch (error) {
        if (isNotFound(error)) {
            return;
        }
        await explain(`deleting EKS Cluster (${id})`, Promise.reject(error as Error));
    }
    await explain(
        `waiting for EKS Cluster (${id}) delete`,
        waitUntil(
            patience,
            () => statusOf(eks, id),
            (status) => status === undefined,
            String,
        ),
    );
}
