import type {
    Addon,
    AddonIssue,
    AddonPodIdentityAssociations,
    EKS,
    ResolveConflicts,
    Update,
} from "@aws-sdk/client-eks";
import { explain, hasCode, ifFound } from "../aws/errors";
import { Patience, retryWhen, waitUntil } from "../aws/retry";
import { prefixedUniqueId } from "../bridge/autoName";
import { tagState } from "../bridge/tags";
import { asMaps, asString, asStringMap, Value, ValueMap } from "../bridge/values";
import { describeAddOn, schema } from "./eksAddOnSchema";
import { setTags } from "./eksCluster";
import { Change, Context, ResourceType } from "./resourceType";

const MINUTE = 60_000;

/** terraform-provider-aws internal/service/eks/addon.go. */
export const addOn: ResourceType = {
    token: "aws:eks/addon:Addon",
    label: "EKS Add-On",
    schema,
    create,
    read,
    update,
    delete: deleteAddOn,
};

interface Key {
    readonly clusterName: string;
    readonly addonName: string;
}

/** internal/service/eks/id.go, AddonParseResourceID. */
function parseId(id: string): Key {
    const [clusterName, addonName, more] = id.split(":");
    if (!clusterName || !addonName || more !== undefined) {
        throw new Error(`unexpected format for ID (${id}), expected cluster-name:addon-name`);
    }
    return { clusterName, addonName };
}

/** Terraform sends neither empty texts nor empty sets (addon.go, resourceAddonCreate). */
async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const eks = await context.aws.eks(asString(inputs["region"]));
    const key = {
        clusterName: asString(inputs["clusterName"]) ?? "",
        addonName: asString(inputs["addonName"]) ?? "",
    };
    const id = `${key.clusterName}:${key.addonName}`;
    const associations = podIdentityAssociations(inputs["podIdentityAssociations"]);
    const request = {
        ...key,
        clientRequestToken: prefixedUniqueId("terraform-"),
        tags: asStringMap(inputs["tagsAll"]),
        addonVersion: given(inputs["addonVersion"]),
        configurationValues: given(inputs["configurationValues"]),
        podIdentityAssociations: associations.length > 0 ? associations : undefined,
        resolveConflicts: given(inputs["resolveConflictsOnCreate"]) as ResolveConflicts | undefined,
        serviceAccountRoleArn: given(inputs["serviceAccountRoleArn"]),
    };
    const patience = { timeoutMilliseconds: context.propagationMilliseconds, signal: context.signal };
    await explain(
        `creating EKS Add-On (${id})`,
        retryWhen(patience, () => eks.createAddon(request), isRoleNotReady),
    );
    created(id);
    await explain(`waiting for EKS Add-On (${id}) create`, awaitActive(patienceOf(context, 20), eks, key));
}

function isRoleNotReady(error: unknown): boolean {
    const messages = ["CREATE_FAILED", "does not exist"];
    return hasCode(error, "InvalidParameterException") && messages.some((message) => error.detail.includes(message));
}

function patienceOf({ timeoutMilliseconds, signal }: Context, minutes: number): Patience {
    return { timeoutMilliseconds: timeoutMilliseconds ?? minutes * MINUTE, signal };
}

async function find(eks: EKS, key: Key): Promise<Addon | undefined> {
    return (await ifFound(eks.describeAddon({ ...key })))?.addon;
}

/** addon.go, waitAddonCreated: a DEGRADED add-on may still become ACTIVE. */
async function awaitActive(patience: Patience, eks: EKS, key: Key): Promise<void> {
    const found = await waitUntil(
        patience,
        () => find(eks, key),
        (seen) => seen?.status !== "CREATING" && seen?.status !== "DEGRADED",
        (seen) => String(seen?.status),
    );
    if (found?.status !== "ACTIVE") {
        throw new Error(`unexpected state '${found?.status ?? "gone"}', wanted target 'ACTIVE'${lastIssues(found)}`);
    }
}

/** addon.go, addonIssuesError. */
function lastIssues(found: Addon | undefined): string {
    return lastError(
        (found?.health?.issues ?? []).map(({ code, message, resourceIds }: AddonIssue) => ({
            code,
            message,
            resourceIds,
        })),
    );
}

function lastError(
    errors: { code: string | undefined; message: string | undefined; resourceIds: string[] | undefined }[],
): string {
    const lines = errors.map(
        ({ code = "", message = "", resourceIds }) => `${(resourceIds ?? []).join(", ")}: ${code}: ${message}`,
    );
    return lines.length === 0 ? "" : `. last error: ${lines.join("\n")}`;
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const region = asString(prior?.["region"]) ?? context.config.region;
    const eks = await context.aws.eks(region);
    const key = parseId(id);
    const actual = await find(eks, key);
    if (actual === undefined) {
        return undefined;
    }
    // addon.go, flattenAddonPodIdentityAssociations: an ARN ends in the association's id.
    const associations = await Promise.all(
        (actual.podIdentityAssociations ?? []).map(async (arn) => {
            const associationId = arn.split("/")[2] ?? "";
            const { clusterName } = key;
            return (await eks.describePodIdentityAssociation({ clusterName, associationId })).association ?? {};
        }),
    );
    return {
        ...describeAddOn(actual, associations, prior),
        region,
        ...tagState(actual.tags ?? {}, context.config.defaultTags, prior?.["tags"]),
    };
}

/**
 * The role is sent whenever there is one, and also when it is taken away, as an empty text, which EKS refuses: the real provider cannot take a
 * role away (addon.go, resourceAddonUpdate; https://github.com/hashicorp/terraform-provider-aws/issues/30645). A changed way to resolve
 * conflicts alone is no update, and the configuration values are sent only when they change.
 */
async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const eks = await context.aws.eks(asString(news["region"]));
    const key = parseId(id);
    if (has("addonVersion", "serviceAccountRoleArn", "configurationValues", "podIdentityAssociations")) {
        const roleArn = asString(news["serviceAccountRoleArn"]) ?? "";
        const resolveConflicts = given(news["resolveConflictsOnUpdate"]) as ResolveConflicts | undefined;
        const { update: started } = await explain(
            `updating EKS Add-On (${id})`,
            eks.updateAddon({
                ...key,
                clientRequestToken: prefixedUniqueId("terraform-"),
                ...(has("addonVersion") && { addonVersion: asString(news["addonVersion"]) }),
                ...(has("configurationValues") && { configurationValues: asString(news["configurationValues"]) }),
                ...(has("podIdentityAssociations") && {
                    podIdentityAssociations: podIdentityAssociations(news["podIdentityAssociations"]),
                }),
                ...(resolveConflicts !== undefined && { resolveConflicts }),
                ...((has("serviceAccountRoleArn") || roleArn !== "") && { serviceAccountRoleArn: roleArn }),
            }),
        );
        const updateId = started?.id ?? "";
        const hint =
            resolveConflicts === "OVERWRITE" ? "" : '. Consider setting resolve_conflicts_on_update to "OVERWRITE"';
        await explain(
            `waiting for EKS Add-On (${id}) update (${updateId})`,
            awaitSuccess(patienceOf(context, 20), eks, key, updateId, hint),
        );
    }
    if (has("tags", "tagsAll")) {
        await setTags(eks, asString(olds["arn"]) ?? "", olds, news);
    }
}

/** addon.go, waitAddonUpdateSuccessful and errorDetailsError. */
async function awaitSuccess(
    patience: Patience,
    eks: EKS,
    { clusterName: name, addonName }: Key,
    updateId: string,
    hint: string,
): Promise<void> {
    const ended: Update | undefined = await waitUntil(
        patience,
        async () => (await eks.describeUpdate({ name, addonName, updateId })).update,
        (seen) => seen?.status !== "InProgress",
        (seen) => String(seen?.status),
    );
    if (ended?.status !== "Successful") {
        const errors = (ended?.errors ?? []).map(({ errorCode, errorMessage, resourceIds }) => ({
            code: errorCode,
            message: errorMessage,
            resourceIds,
        }));
        const status = ended?.status ?? "gone";
        throw new Error(`unexpected state '${status}', wanted target 'Successful'${lastError(errors)}${hint}`);
    }
}

/** addon.go, resourceAddonDelete and waitAddonDeleted. */
async function deleteAddOn(context: Context, id: string, state: ValueMap): Promise<void> {
    const key = parseId(id);
    const eks = await context.aws.eks(asString(state["region"]));
    const preserve = state["preserve"] === true ? { preserve: true } : {};
    const deleted = await explain(`deleting EKS Add-On (${id})`, ifFound(eks.deleteAddon({ ...key, ...preserve })));
    if (deleted === undefined) {
        return;
    }
    const rest = await explain(
        `waiting for EKS Add-On (${id}) delete`,
        waitUntil(
            patienceOf(context, 40),
            () => find(eks, key),
            (seen) => seen?.status !== "ACTIVE" && seen?.status !== "DELETING",
            (seen) => String(seen?.status),
        ),
    );
    if (rest !== undefined) {
        const reason = `unexpected state '${String(rest.status)}', wanted target ''${lastIssues(rest)}`;
        throw new Error(`waiting for EKS Add-On (${id}) delete: ${reason}`);
    }
}

function podIdentityAssociations(value: Value | undefined): AddonPodIdentityAssociations[] {
    return asMaps(value).map(({ roleArn, serviceAccount }) => ({
        roleArn: asString(roleArn),
        serviceAccount: asString(serviceAccount),
    }));
}

/** Terraform's zero value counts as not set. */
function given(value: Value | undefined): string | undefined {
    return asString(value) || undefined;
}
