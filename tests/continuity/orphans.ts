/**
 * Roles, and policies of an IPv6 cluster's role, whose creation was in progress when the engine was killed. The engine warns that they may exist, but its state has no id of them, so no
 * program can delete them. https://www.pulumi.com/docs/support/troubleshooting/common-issues/interrupted-updates/
 */
import {
    DeletePolicyCommand,
    DeleteRoleCommand,
    DetachRolePolicyCommand,
    ListAttachedRolePoliciesCommand,
} from "@aws-sdk/client-iam";
import { lastIamChange } from "local-eks/iam";
import { iamClient, type Stage } from "./stage";
import { pendingCreations } from "./state/pending";

const pendingInputs = (stage: Stage, type: string) => pendingCreations(stage.props.engine.state(), type);

const pendingNames = (stage: Stage, type: string) =>
    pendingInputs(stage, type).flatMap(({ name }) => (typeof name === "string" ? [name] : []));

export const pendingRoles = (stage: Stage) => pendingNames(stage, "aws:iam/role:Role");

export const pendingPolicies = (stage: Stage) => pendingNames(stage, "aws:iam/policy:Policy");

/**
 * Whether AWS may have deleted a resource that is still in the engine's state. An update would rely on it. The engine warns about it, and asks for a
 * refresh.
 */
export function isDeletionPending({ props }: Stage): boolean {
    const pending = props.engine.state().pending_operations ?? [];
    return pending.some(({ type, resource }) => type === "deleting" && resource.type.startsWith("aws:"));
}

/**
 * Detaches policies whose attachment is not in the engine's state, as the engine's warning and docs/limits.md ask the operator to. Otherwise IAM
 * refuses to delete the role (`DeleteConflict`). An `up` needs no such help: it attaches the policy again, which changes nothing, and saves the
 * attachment in its state.
 */
export async function detachPending(stage: Stage): Promise<void> {
    const client = iamClient(stage.sandbox);
    for (const { role, policyArn } of pendingInputs(stage, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")) {
        const RoleName = String(role);
        const PolicyArn = String(policyArn);
        if (stage.currentRoles()[RoleName]?.attachedPolicyArns.includes(PolicyArn)) {
            await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
        }
    }
}

/** Deletes roles, as the engine's warning asks the operator to. */
export async function removeRoles(stage: Stage, roles: readonly string[]): Promise<void> {
    const client = iamClient(stage.sandbox);
    for (const RoleName of roles.filter((name) => name in stage.currentRoles())) {
        const { AttachedPolicies = [] } = await client.send(new ListAttachedRolePoliciesCommand({ RoleName }));
        for (const { PolicyArn } of AttachedPolicies) {
            await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
        }
        await client.send(new DeleteRoleCommand({ RoleName }));
    }
}

/** Deletes policies, as the engine's warning asks the operator to. No role has them yet. */
export async function removePolicies(stage: Stage, names: readonly string[]): Promise<void> {
    const { policies } = lastIamChange(stage.sandbox).state;
    for (const PolicyArn of Object.keys(policies).filter((arn) => names.includes(arn.split("/").pop() ?? ""))) {
        await iamClient(stage.sandbox).send(new DeletePolicyCommand({ PolicyArn }));
    }
}
