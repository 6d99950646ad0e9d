import type { IAM, Role } from "@aws-sdk/client-iam";
import { explain, hasCode, ifFound } from "../aws/errors";
import { retryWhen } from "../aws/retry";
import { equivalentPolicies, normalizeJson } from "../bridge/policyDocument";
import { blocks, boolean, integer, output, policy, Schema, string, strings, tagProperties } from "../bridge/schema";
import { tagChange, tagMap, tagPairs, tagState } from "../bridge/tags";
import { all, arn, between, iamName, length, matches } from "../bridge/validators";
import { asMaps, asNumber, asString, asStringMap, defined, Value, ValueMap } from "../bridge/values";
import { chosenName, namingProperties, namingState } from "./naming";
import { deleteRole } from "./iamRoleDelete";
import {
    listAttachedPolicies,
    listInlinePolicies,
    putInlinePolicies,
    setAttachments,
    setInlinePolicies,
    whileConcurrentlyModified,
} from "./iamRolePolicies";
import { Change, Context, ResourceType } from "./resourceType";

/** terraform-provider-aws internal/service/iam/role.go; names: pulumi-aws provider/resource_overrides.go. */
const schema: Schema = {
    arn: output(),
    assumeRolePolicy: policy({ required: true }),
    createDate: output(),
    description: string({
        validate: all(
            length(0, 1000),
            matches(/^[^“‘]*$/, "cannot contain specially formatted single or double quotes: [“‘]"),
        ),
    }),
    forceDetachPolicies: boolean({ default: false }),
    inlinePolicies: blocks(
        "set",
        { name: string({ validate: iamName(128) }), policy: policy() },
        { computed: true, validate: inlinePoliciesHaveNames },
    ),
    managedPolicyArns: strings("set", { computed: true }),
    maxSessionDuration: integer({ default: 3600, validate: between(3600, 43200) }),
    ...namingProperties({ maxLength: 64, autoNameLength: 64 }),
    path: string({ default: "/", forceNew: true, validate: length(0, 512) }),
    permissionsBoundary: string({ validate: arn }),
    ...tagProperties,
    uniqueId: output(),
};

export const role: ResourceType = {
    token: "aws:iam/role:Role",
    label: "IAM Role",
    schema,
    create,
    read,
    update,
    delete: async (context, id, state) =>
        explain(`deleting IAM Role (${id})`, deleteRole(context, await context.aws.iam(), id, state)),
};

/** The bridge invents a name for an inline policy without one; the stand-in requires it. */
function inlinePoliciesHaveNames(value: Value): string | undefined {
    return asMaps(value).some((inline) => inline["policy"] !== undefined && inline["name"] === undefined)
        ? "the stand-in for the AWS provider does not implement automatic names of inline policies: give each a name"
        : undefined;
}

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const iam = await context.aws.iam();
    const name = chosenName(inputs);
    const tags = tagPairs(asStringMap(inputs["tagsAll"]));
    const request = {
        AssumeRolePolicyDocument: normalizeJson(asString(inputs["assumeRolePolicy"]) ?? ""),
        Path: asString(inputs["path"]),
        RoleName: name,
        Description: asString(inputs["description"]),
        MaxSessionDuration: asNumber(inputs["maxSessionDuration"]),
        PermissionsBoundary: asString(inputs["permissionsBoundary"]),
        ...(tags.length > 0 ? { Tags: tags } : {}),
    };
    await explain(
        `creating IAM Role (${name})`,
        whileConcurrentlyModified(context, () => untilPrincipalsAreKnown(context, () => iam.createRole(request))),
    );
    try {
        await putInlinePolicies(iam, name, inputs["inlinePolicies"]);
    } catch (error) {
        await explain(
            `creating IAM role (), inline policy failed (${messageOf(error)}), deleting role`,
            deleteRole(context, iam, name, { forceDetachPolicies: true }),
        );
        throw new Error(`creating IAM Role (${name}): ${messageOf(error)}`, { cause: error });
    }
    await explain(
        `creating IAM Role (${name})`,
        setAttachments(context, iam, name, undefined, inputs["managedPolicyArns"]),
    );
    // Only now (role.go, resourceRoleCreate and d.SetId): a role whose managed policies failed stays in the account, and in
    // no state.
    created(name);
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** A new principal is "invalid" until IAM knows it everywhere (role.go, retryCreateRole). */
function untilPrincipalsAreKnown<T>(context: Context, attempt: () => Promise<T>): Promise<T> {
    return retryWhen(
        { timeoutMilliseconds: context.propagationMilliseconds, signal: context.signal },
        attempt,
        (error) => hasCode(error, "MalformedPolicyDocument") && error.detail.includes("Invalid principal in policy"),
    );
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const iam = await context.aws.iam();
    const actual = (await ifFound(iam.getRole({ RoleName: id })))?.Role;
    if (actual === undefined) {
        return undefined;
    }
    return {
        ...describe(actual, prior),
        ...tagState(tagMap(actual.Tags), context.config.defaultTags, prior?.["tags"]),
        inlinePolicies: await listInlinePolicies(iam, id, prior?.["inlinePolicies"]),
        managedPolicyArns: await listAttachedPolicies(iam, id),
    };
}

function describe(actual: Role, prior: ValueMap | undefined): ValueMap {
    const name = actual.RoleName ?? "";
    return defined({
        arn: actual.Arn,
        assumeRolePolicy: keepEquivalent(
            asString(prior?.["assumeRolePolicy"]),
            decodeURIComponent(actual.AssumeRolePolicyDocument ?? ""),
        ),
        createDate: formatDate(actual.CreateDate),
        description: actual.Description ?? "",
        // AWS does not store it: the value of the program, or false after an import (role.go, resourceRoleImport).
        forceDetachPolicies: prior?.["forceDetachPolicies"] ?? false,
        maxSessionDuration: actual.MaxSessionDuration,
        ...namingState(name, prior),
        path: actual.Path,
        permissionsBoundary: actual.PermissionsBoundary?.PermissionsBoundaryArn ?? "",
        uniqueId: actual.RoleId,
    });
}

/** Keeps the former text while it means the same as AWS's (internal/verify/json.go, PolicyToSet). */
export function keepEquivalent(before: string | undefined, actual: string): string {
    return normalizeJson(before !== undefined && equivalentPolicies(before, actual) ? before : actual);
}

/** Go's time.RFC3339: no fractions. */
export function formatDate(date: Date | undefined): string | undefined {
    return date?.toISOString().replace(/\.\d{3}Z$/, "Z");
}

async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const iam = await context.aws.iam();
    if (has("assumeRolePolicy")) {
        const PolicyDocument = normalizeJson(asString(news["assumeRolePolicy"]) ?? "");
        await explain(
            `updating IAM Role (${id}) assume role policy`,
            untilPrincipalsAreKnown(context, () => iam.updateAssumeRolePolicy({ RoleName: id, PolicyDocument })),
        );
    }
    if (has("description")) {
        await explain(
            `updating IAM Role (${id}) description`,
            iam.updateRoleDescription({ RoleName: id, Description: description(news) }),
        );
    }
    if (has("maxSessionDuration")) {
        // IAM keeps a description that is not sent. moto loses it (moto/iam/models.py, update_role), so it is sent.
        const request = { MaxSessionDuration: asNumber(news["maxSessionDuration"]), Description: description(news) };
        await explain(`updating IAM Role (${id}) MaxSessionDuration`, iam.updateRole({ RoleName: id, ...request }));
    }
    if (has("permissionsBoundary")) {
        await explain(`updating IAM Role (${id}) permissions boundary`, setBoundary(iam, id, news));
    }
    if (has("inlinePolicies")) {
        await explain(
            `updating IAM Role (${id})`,
            setInlinePolicies(iam, id, olds["inlinePolicies"], news["inlinePolicies"]),
        );
    }
    if (has("managedPolicyArns")) {
        await explain(
            `updating IAM Role (${id})`,
            setAttachments(context, iam, id, olds["managedPolicyArns"], news["managedPolicyArns"]),
        );
    }
    if (has("tags", "tagsAll")) {
        await explain(`updating tags for IAM Role (${id})`, setTags(iam, id, olds, news));
    }
}

function description(news: ValueMap): string {
    return asString(news["description"]) ?? "";
}

async function setBoundary(iam: IAM, name: string, news: ValueMap): Promise<void> {
    const boundary = asString(news["permissionsBoundary"]);
    if (boundary === undefined || boundary === "") {
        await iam.deleteRolePermissionsBoundary({ RoleName: name });
    } else {
        await iam.putRolePermissionsBoundary({ RoleName: name, PermissionsBoundary: boundary });
    }
}

async function setTags(iam: IAM, name: string, olds: ValueMap, news: ValueMap): Promise<void> {
    const { set, remove } = tagChange(olds["tagsAll"], news["tagsAll"]);
    if (remove.length > 0) {
        await iam.untagRole({ RoleName: name, TagKeys: remove });
    }
    if (Object.keys(set).length > 0) {
        await iam.tagRole({ RoleName: name, Tags: tagPairs(set) });
    }
}
