import type { IAM } from "@aws-sdk/client-iam";
import { ifFound } from "../aws/errors";
import { Schema, string, strings } from "../bridge/schema";
import { asString, asStrings, ValueMap } from "../bridge/values";
import { detachPolicies, listAttachedPolicies } from "./iamRolePolicies";
import { Context, ResourceType } from "./resourceType";

/** terraform-provider-aws internal/service/iam/role_policy_attachments_exclusive.go. */
const schema: Schema = {
    policyArns: strings("set", { required: true }),
    roleName: string({ required: true, forceNew: true }),
};

export const rolePolicyAttachmentsExclusive: ResourceType = {
    token: "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
    label: "IAM Role Policy Attachments Exclusive",
    schema,
    create: async (context, inputs, created) => {
        await syncAttachments(context, inputs);
        created(asString(inputs["roleName"]) ?? "");
    },
    read,
    update: (context, _id, { news }) => syncAttachments(context, news),
    // role_policy_attachments_exclusive.go, framework.WithNoOpDelete: what is attached stays attached.
    delete: () => Promise.resolve(),
};

/**
 * Attaches what is missing, and detaches every other policy (role_policy_attachments_exclusive.go, syncAttachments).
 */
async function syncAttachments(context: Context, inputs: ValueMap): Promise<void> {
    const iam = await context.aws.iam();
    const role = asString(inputs["roleName"]) ?? "";
    const wanted = asStrings(inputs["policyArns"]);
    const attached = await attachedTo(iam, role);
    for (const arn of wanted.filter((one) => !attached.includes(one))) {
        await iam.attachRolePolicy({ RoleName: role, PolicyArn: arn });
    }
    await detachPolicies(
        iam,
        role,
        attached.filter((one) => !wanted.includes(one)),
    );
}

/** A role that does not exist is an error here, and in a refresh the end of the resource. */
async function attachedTo(iam: IAM, role: string): Promise<string[]> {
    await iam.listAttachedRolePolicies({ RoleName: role });
    return listAttachedPolicies(iam, role);
}

async function read(context: Context, id: string): Promise<ValueMap | undefined> {
    const iam = await context.aws.iam();
    const found = await ifFound(iam.listAttachedRolePolicies({ RoleName: id }));
    return found === undefined ? undefined : { policyArns: await listAttachedPolicies(iam, id), roleName: id };
}
