import type { EKS, PodIdentityAssociation } from "@aws-sdk/client-eks";
import { explain, hasCode, ifFound } from "../aws/errors";
import { retryWhen } from "../aws/retry";
import { prefixedUniqueId } from "../bridge/autoName";
import { boolean, notImplemented, output, regionProperty, Schema, string, tagProperties } from "../bridge/schema";
import { tagState } from "../bridge/tags";
import { arn } from "../bridge/validators";
import { asString, asStringMap, defined, ValueMap } from "../bridge/values";
import { setTags } from "./eksCluster";
import { Change, Context, ResourceType } from "./resourceType";

const label = "EKS Pod Identity Association";

/** The real provider of this SDK also has a session policy. */
const schema: Schema = {
    associationArn: output(),
    associationId: output(),
    clusterName: string({ required: true, forceNew: true }),
    disableSessionTags: boolean({ default: false }),
    externalId: output(),
    namespace: string({ required: true, forceNew: true }),
    policy: notImplemented,
    ...regionProperty,
    roleArn: string({ required: true, validate: arn }),
    serviceAccount: string({ required: true, forceNew: true }),
    ...tagProperties,
    targetRoleArn: string({ validate: arn }),
};

/** terraform-provider-aws internal/service/eks/pod_identity_association.go. */
export const podIdentityAssociation: ResourceType = {
    token: "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    label,
    schema,
    create,
    read,
    update,
    delete: deleteAssociation,
    /** pod_identity_association.go, ImportState: "wrong format of import ID (…), use: 'cluster-name,association-id'". */
    importedId: (id) => parseImportId(id).associationId,
};

interface Key {
    readonly clusterName: string;
    readonly associationId: string;
}

function parseImportId(id: string): Key {
    const [clusterName, associationId, more] = id.split(",");
    if (!clusterName || !associationId || more !== undefined) {
        throw new Error(`wrong format of import ID (${id}), use: 'cluster-name,association-id'`);
    }
    return { clusterName, associationId };
}

function keyOf(id: string, state: ValueMap): Key {
    return { clusterName: asString(state["clusterName"]) ?? "", associationId: id };
}

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const eks = await context.aws.eks(asString(inputs["region"]));
    const request = {
        clusterName: asString(inputs["clusterName"]) ?? "",
        namespace: asString(inputs["namespace"]),
        serviceAccount: asString(inputs["serviceAccount"]),
        ...changeable(inputs),
        clientRequestToken: prefixedUniqueId("terraform-"),
        tags: asStringMap(inputs["tagsAll"]),
    };
    const { association } = await explain(
        `creating ${label}`,
        untilRoleIsKnown(context, () => eks.createPodIdentityAssociation(request)),
    );
    created(association?.associationId ?? "");
}

function changeable(inputs: ValueMap) {
    return {
        roleArn: asString(inputs["roleArn"]),
        disableSessionTags: inputs["disableSessionTags"] === true,
        targetRoleArn: asString(inputs["targetRoleArn"]),
    };
}

/** EKS reads the role, and IAM may not return it yet. */
function untilRoleIsKnown<T>({ propagationMilliseconds, signal }: Context, call: () => Promise<T>): Promise<T> {
    const text = "Role provided in the request does not exist";
    return retryWhen(
        { timeoutMilliseconds: propagationMilliseconds, signal },
        call,
        (error) => hasCode(error, "InvalidParameterException") && error.detail.includes(text),
    );
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const region = asString(prior?.["region"]) ?? context.config.region;
    const eks = await context.aws.eks(region);
    const actual = await find(eks, prior === undefined ? parseImportId(id) : keyOf(id, prior));
    return (
        actual && {
            ...stateOf(actual),
            region,
            ...tagState(actual.tags ?? {}, context.config.defaultTags, prior?.["tags"]),
        }
    );
}

async function find(eks: EKS, key: Key): Promise<PodIdentityAssociation | undefined> {
    return (await ifFound(eks.describePodIdentityAssociation(key)))?.association;
}

function stateOf(actual: PodIdentityAssociation): ValueMap {
    return defined({
        associationArn: actual.associationArn,
        associationId: actual.associationId,
        clusterName: actual.clusterName,
        disableSessionTags: actual.disableSessionTags ?? false,
        externalId: actual.externalId,
        namespace: actual.namespace,
        roleArn: actual.roleArn,
        serviceAccount: actual.serviceAccount,
        targetRoleArn: actual.targetRoleArn,
    });
}

/** An update sends all three parts, and nothing of what is null in the plan: a target role that the program takes away stays in EKS. */
async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const eks = await context.aws.eks(asString(news["region"]));
    if (has("disableSessionTags", "roleArn", "targetRoleArn")) {
        const request = {
            ...keyOf(id, olds),
            ...changeable(news),
            clientRequestToken: prefixedUniqueId("terraform-"),
        };
        await explain(
            `updating ${label} (${id})`,
            untilRoleIsKnown(context, () => eks.updatePodIdentityAssociation(request)),
        );
    }
    if (has("tags", "tagsAll")) {
        await setTags(eks, asString(olds["associationArn"]) ?? "", olds, news);
    }
}

async function deleteAssociation(context: Context, id: string, state: ValueMap): Promise<void> {
    const eks = await context.aws.eks(asString(state["region"]));
    await explain(`deleting ${label} (${id})`, ifFound(eks.deletePodIdentityAssociation(keyOf(id, state))));
}
