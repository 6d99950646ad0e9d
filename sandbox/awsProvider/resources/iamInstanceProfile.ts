import type { IAM, InstanceProfile } from "@aws-sdk/client-iam";
import { explain, hasCode, ifFound } from "../aws/errors";
import { retryWhen } from "../aws/retry";
import { output, Schema, string, tagProperties } from "../bridge/schema";
import { tagChange, tagMap, tagPairs, tagState } from "../bridge/tags";
import { asString, asStringMap, defined, ValueMap } from "../bridge/values";
import { chosenName, namingProperties, namingState } from "./naming";
import { formatDate } from "./iamRole";
import { Change, Context, ResourceType } from "./resourceType";

/** terraform-provider-aws internal/service/iam/instance_profile.go. */
const schema: Schema = {
    arn: output(),
    createDate: output(),
    ...namingProperties({ maxLength: 128, autoNameLength: 255 }),
    role: string(),
    ...tagProperties,
    uniqueId: output(),
};

export const instanceProfile: ResourceType = {
    token: "aws:iam/instanceProfile:InstanceProfile",
    label: "IAM Instance Profile",
    schema,
    create,
    read,
    update,
    delete: deleteProfile,
};

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const iam = await context.aws.iam();
    const name = chosenName(inputs);
    const tags = tagPairs(asStringMap(inputs["tagsAll"]));
    await explain(
        `creating IAM Instance Profile (${name})`,
        iam.createInstanceProfile({
            InstanceProfileName: name,
            Path: asString(inputs["path"]),
            ...(tags.length > 0 ? { Tags: tags } : {}),
        }),
    );
    created(name);
    const role = asString(inputs["role"]);
    if (role !== undefined && role !== "") {
        await addRole(context, iam, name, role);
    }
}

/** IAM may not know a new profile or role yet (instance_profile.go, instanceProfileAddRole). */
function addRole(context: Context, iam: IAM, name: string, role: string): Promise<unknown> {
    return explain(
        `adding IAM Role (${role}) to IAM Instance Profile (${name})`,
        retryWhen(
            { timeoutMilliseconds: context.propagationMilliseconds, signal: context.signal },
            () => iam.addRoleToInstanceProfile({ InstanceProfileName: name, RoleName: role }),
            (error) =>
                (hasCode(error, "NoSuchEntity") && error.detail.includes("The role with name")) ||
                (hasCode(error, "InvalidParameterValue") && error.detail.includes("Invalid IAM Instance Profile name")),
        ),
    );
}

function removeRole(iam: IAM, name: string, role: string): Promise<unknown> {
    return explain(
        `removing IAM Role (${role}) from IAM Instance Profile (${name})`,
        ifFound(iam.removeRoleFromInstanceProfile({ InstanceProfileName: name, RoleName: role })),
    );
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const iam = await context.aws.iam();
    const actual = (await ifFound(iam.getInstanceProfile({ InstanceProfileName: id })))?.InstanceProfile;
    if (actual === undefined) {
        return undefined;
    }
    return {
        ...describe(actual, prior),
        ...tagState(tagMap(actual.Tags), context.config.defaultTags, prior?.["tags"]),
    };
}

function describe(actual: InstanceProfile, prior: ValueMap | undefined): ValueMap {
    const name = actual.InstanceProfileName ?? "";
    return defined({
        arn: actual.Arn,
        createDate: formatDate(actual.CreateDate),
        ...namingState(name, prior),
        path: actual.Path,
        // A profile has at most one role.
        role: actual.Roles?.[0]?.RoleName,
        uniqueId: actual.InstanceProfileId,
    });
}

async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const iam = await context.aws.iam();
    if (has("role")) {
        const [before, after] = [asString(olds["role"]) ?? "", asString(news["role"]) ?? ""];
        if (before !== "") {
            await removeRole(iam, id, before);
        }
        if (after !== "") {
            await addRole(context, iam, id, after);
        }
    }
    if (has("tags", "tagsAll")) {
        const { set, remove } = tagChange(olds["tagsAll"], news["tagsAll"]);
        if (remove.length > 0) {
            await iam.untagInstanceProfile({ InstanceProfileName: id, TagKeys: remove });
        }
        if (Object.keys(set).length > 0) {
            await iam.tagInstanceProfile({ InstanceProfileName: id, Tags: tagPairs(set) });
        }
    }
}

async function deleteProfile(context: Context, id: string, state: ValueMap): Promise<void> {
    const iam = await context.aws.iam();
    const role = asString(state["role"]) ?? "";
    if (role !== "") {
        await removeRole(iam, id, role);
    }
    await explain(
        `deleting IAM Instance Profile (${id})`,
        ifFound(iam.deleteInstanceProfile({ InstanceProfileName: id })),
    );
}
