import type { IAM, Policy, PolicyVersion } from "@aws-sdk/client-iam";
import { explain, ifFound } from "../aws/errors";
import { normalizeJson } from "../bridge/policyDocument";
import { integer, notImplemented, output, policy as document, Schema, string, tagProperties } from "../bridge/schema";
import { tagChange, tagMap, tagPairs, tagState } from "../bridge/tags";
import { asString, asStringMap, defined, ValueMap } from "../bridge/values";
import { chosenName, namingProperties, namingState } from "./naming";
import { keepEquivalent } from "./iamRole";
import { Change, Context, ResourceType } from "./resourceType";

const MAX_VERSIONS = 5;

/** terraform-provider-aws internal/service/iam/policy.go; auto-names: pulumi-aws provider/autonaming.go. */
const schema: Schema = {
    arn: output(),
    attachmentCount: { ...integer(), output: true },
    delayAfterPolicyCreationInMs: notImplemented,
    description: string({ forceNew: true }),
    ...namingProperties({ maxLength: 128, autoNameLength: 255 }),
    policy: document({ required: true }),
    policyId: output(),
    ...tagProperties,
};

export const policy: ResourceType = {
    token: "aws:iam/policy:Policy",
    label: "IAM Policy",
    schema,
    create,
    read,
    update,
    delete: deletePolicy,
};

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const iam = await context.aws.iam();
    const name = chosenName(inputs);
    const tags = tagPairs(asStringMap(inputs["tagsAll"]));
    const made = await explain(
        `creating IAM Policy (${name})`,
        iam.createPolicy({
            Description: asString(inputs["description"]),
            Path: asString(inputs["path"]),
            PolicyDocument: normalizeJson(asString(inputs["policy"]) ?? ""),
            PolicyName: name,
            ...(tags.length > 0 ? { Tags: tags } : {}),
        }),
    );
    created(made.Policy?.Arn ?? "");
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const iam = await context.aws.iam();
    const actual = (await ifFound(iam.getPolicy({ PolicyArn: id })))?.Policy;
    if (actual === undefined) {
        return undefined;
    }
    const version = await ifFound(iam.getPolicyVersion({ PolicyArn: id, VersionId: actual.DefaultVersionId }));
    if (version?.PolicyVersion === undefined) {
        return undefined;
    }
    return {
        ...describe(actual, version.PolicyVersion, prior),
        ...tagState(tagMap(actual.Tags), context.config.defaultTags, prior?.["tags"]),
    };
}

function describe(actual: Policy, version: PolicyVersion, prior: ValueMap | undefined): ValueMap {
    const name = actual.PolicyName ?? "";
    return defined({
        arn: actual.Arn,
        attachmentCount: actual.AttachmentCount,
        description: actual.Description ?? "",
        ...namingState(name, prior),
        path: actual.Path,
        policy: keepEquivalent(asString(prior?.["policy"]), decodeURIComponent(version.Document ?? "")),
        policyId: actual.PolicyId,
    });
}

async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const iam = await context.aws.iam();
    if (has("policy")) {
        await makeRoomForVersion(iam, id);
        // The real provider creates the version first and makes it the default after a pause of 5 s (policy.go,
        // resourcePolicyUpdate: doing both at once "is causing Access issues"). The pause is omitted here.
        const made = await explain(
            `creating IAM Policy (${id})`,
            iam.createPolicyVersion({
                PolicyArn: id,
                PolicyDocument: normalizeJson(asString(news["policy"]) ?? ""),
                SetAsDefault: false,
            }),
        );
        await explain(
            `setting Default Policy version for IAM Policy (${id})`,
            iam.setDefaultPolicyVersion({ PolicyArn: id, VersionId: made.PolicyVersion?.VersionId }),
        );
    }
    if (has("tags", "tagsAll")) {
        const { set, remove } = tagChange(olds["tagsAll"], news["tagsAll"]);
        if (remove.length > 0) {
            await iam.untagPolicy({ PolicyArn: id, TagKeys: remove });
        }
        if (Object.keys(set).length > 0) {
            await iam.tagPolicy({ PolicyArn: id, Tags: tagPairs(set) });
        }
    }
}

/** IAM keeps five versions; the oldest one that is not the default is deleted (policy.go, policyPruneVersions). */
async function makeRoomForVersion(iam: IAM, id: string): Promise<void> {
    const versions = await listVersions(iam, id);
    if (versions.length < MAX_VERSIONS) {
        return;
    }
    const [oldest] = versions
        .filter((version) => version.IsDefaultVersion !== true)
        .sort((left, right) => (left.CreateDate?.getTime() ?? 0) - (right.CreateDate?.getTime() ?? 0));
    if (oldest !== undefined) {
        await deleteVersion(iam, id, oldest.VersionId);
    }
}

async function listVersions(iam: IAM, id: string): Promise<PolicyVersion[]> {
    const versions: PolicyVersion[] = [];
    let marker: string | undefined;
    do {
        const page = await ifFound(iam.listPolicyVersions({ PolicyArn: id, Marker: marker }));
        versions.push(...(page?.Versions ?? []));
        marker = page?.Marker;
    } while (marker !== undefined);
    return versions;
}

function deleteVersion(iam: IAM, id: string, version: string | undefined): Promise<unknown> {
    return explain(
        `deleting IAM Policy (${id}) version (${version ?? ""})`,
        iam.deletePolicyVersion({ PolicyArn: id, VersionId: version }),
    );
}

/** Deletes the other versions first: IAM refuses to delete a policy that has several (policy.go, resourcePolicyDelete). */
async function deletePolicy(context: Context, id: string): Promise<void> {
    const iam = await context.aws.iam();
    for (const version of await listVersions(iam, id)) {
        if (version.IsDefaultVersion !== true) {
            await deleteVersion(iam, id, version.VersionId);
        }
    }
    await explain(`deleting IAM Policy (${id})`, ifFound(iam.deletePolicy({ PolicyArn: id })));
}
