import { explain, ifFound } from "../aws/errors";
import { Schema, string } from "../bridge/schema";
import { arn } from "../bridge/validators";
import { asString, ValueMap } from "../bridge/values";
import { attachPolicy, listAttachedPolicies, whileConcurrentlyModified } from "./iamRolePolicies";
import { Context, ResourceType } from "./resourceType";

/** terraform-provider-aws internal/service/iam/role_policy_attachment.go. */
const schema: Schema = {
    policyArn: string({ required: true, forceNew: true, validate: arn }),
    role: string({ required: true, forceNew: true }),
};

export const rolePolicyAttachment: ResourceType = {
    token: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    label: "IAM Role Policy Attachment",
    schema,
    // "a create followed by a delete actually deletes the same attachment we just created" (pulumi-aws
    // provider/resource_overrides.go).
    deleteBeforeReplace: true,
    create,
    read,
    update: () => Promise.resolve(),
    delete: detach,
};

/** Role names contain no slash, so the first slash ends the name: `<role-name>/<policy_arn>`. */
function parseId(id: string): { role: string; policyArn: string } {
    const slash = id.indexOf("/");
    const [role, policyArn] = [id.slice(0, Math.max(slash, 0)), id.slice(slash + 1)];
    if (role === "" || policyArn === "") {
        throw new Error(`unexpected format for Import ID (${JSON.stringify(id)}), expected <role-name>/<policy_arn>`);
    }
    return { role, policyArn };
}

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const iam = await context.aws.iam();
    const [role, policyArn] = [asString(inputs["role"]) ?? "", asString(inputs["policyArn"]) ?? ""];
    await attachPolicy(context, iam, role, policyArn);
    created(`${role}/${policyArn}`);
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    // Before v6 ids were "<role-name>-<time>", so the state is used, and the id only in an import.
    const [role, policyArn] = [asString(prior?.["role"]), asString(prior?.["policyArn"])];
    const key = role !== undefined && policyArn !== undefined ? { role, policyArn } : parseId(id);
    const attached = await listAttachedPolicies(await context.aws.iam(), key.role);
    return attached.includes(key.policyArn) ? key : undefined;
}

/** Success if it does not exist: the role, the policy or only the attachment may have been deleted by others. */
async function detach(context: Context, _id: string, state: ValueMap): Promise<void> {
    const iam = await context.aws.iam();
    const [role, policyArn] = [asString(state["role"]) ?? "", asString(state["policyArn"]) ?? ""];
    await explain(
        `detaching IAM Policy (${policyArn}) from IAM Role (${role})`,
        ifFound(
            whileConcurrentlyModified(context, () => iam.detachRolePolicy({ RoleName: role, PolicyArn: policyArn })),
        ),
    );
}
