import type { IamState } from "./state";

export interface IamResource {
    readonly arn: string;
    /** How IAM's AccessDenied names the resource: an existing role as "role <name>", a policy as "policy <arn>". */
    readonly text: string;
}

/**
 * The resource of an IAM call:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
 */
export function iamResource(
    action: string,
    parameters: ReadonlyMap<string, string>,
    state: IamState,
    accountId: string,
): IamResource {
    const own = (resource: string): string => `arn:aws:iam::${accountId}:${resource}`;
    const path = parameters.get("Path") ?? "/";
    const role = parameters.get("RoleName");
    if (role !== undefined) {
        const arn = state.roles[role]?.arn ?? own(`role${path}${role}`);
        return { arn, text: action === "CreateRole" ? arn : `role ${role}` };
    }
    const policy = parameters.get("PolicyArn");
    if (policy !== undefined) {
        return { arn: policy, text: `policy ${policy}` };
    }
    const policyName = parameters.get("PolicyName");
    if (policyName !== undefined) {
        const arn = own(`policy${path}${policyName}`);
        return { arn, text: `policy ${policyName}` };
    }
    const arn =
        parameters.get("OpenIDConnectProviderArn") ??
        parameters.get("PolicySourceArn") ??
        (parameters.has("Url")
            ? own(`oidc-provider/${(parameters.get("Url") ?? "").replace(/^https:\/\//, "")}`)
            : undefined) ??
        (parameters.has("InstanceProfileName")
            ? own(`instance-profile${path}${parameters.get("InstanceProfileName") ?? ""}`)
            : undefined) ??
        listResource(action, own);
    return { arn, text: arn };
}

/** Calls without a resource are about all roles, policies and so on of the account. */
function listResource(action: string, own: (resource: string) => string): string {
    switch (action) {
        case "ListRoles":
            return own("role/");
        case "ListPolicies":
            return own("policy/");
        default:
            return "*";
    }
}

/**
 * The condition keys about the call itself, for the conditions of the caller's policies:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
 */
export function iamConditionKeys(action: string, parameters: ReadonlyMap<string, string>): Record<string, string> {
    const policy = parameters.get("PolicyArn");
    return /^(?:Attach|Detach)(?:Role|User|Group)Policy$/.test(action) && policy !== undefined
        ? { "iam:PolicyARN": policy }
        : {};
}
