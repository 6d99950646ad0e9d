import type { IAM } from "@aws-sdk/client-iam";
import { hasCode, ifFound } from "../aws/errors";
import { retryWhen } from "../aws/retry";
import { asMaps, asStrings, ValueMap } from "../bridge/values";
import { deleteInlinePolicies, detachPolicies, listAttachedPolicies, listInlinePolicyNames } from "./iamRolePolicies";
import { Context } from "./resourceType";

/**
 * terraform-provider-aws internal/service/iam/role.go, DeleteRole: the role is always removed from its instance
 * profiles. Its policies are detached only with `forceDetachPolicies`, or when the state says that the role manages
 * policies itself (which it also says after a refresh that found attachments). Otherwise IAM's DeleteConflict is
 * retried, and is the result.
 */
export async function deleteRole(context: Context, iam: IAM, name: string, state: ValueMap): Promise<void> {
    await leaveInstanceProfiles(iam, name);
    const force = state["forceDetachPolicies"] === true;
    if (force || asStrings(state["managedPolicyArns"]).length > 0) {
        await detachPolicies(iam, name, await listAttachedPolicies(iam, name));
    }
    if (force || asMaps(state["inlinePolicies"]).length > 0) {
        await deleteInlinePolicies(iam, name, await listInlinePolicyNames(iam, name));
    }
    await ifFound(
        retryWhen(
            { timeoutMilliseconds: context.propagationMilliseconds, signal: context.signal },
            () => iam.deleteRole({ RoleName: name }),
            (error) => hasCode(error, "DeleteConflict"),
        ),
    );
}

async function leaveInstanceProfiles(iam: IAM, name: string): Promise<void> {
    const found = await ifFound(iam.listInstanceProfilesForRole({ RoleName: name }));
    for (const profile of found?.InstanceProfiles ?? []) {
        await ifFound(
            iam.removeRoleFromInstanceProfile({ RoleName: name, InstanceProfileName: profile.InstanceProfileName }),
        );
    }
}
