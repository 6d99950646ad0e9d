import { AwsError } from "../errors";
import { inlinePolicyRefusal, managedPolicyRefusal, trustPolicyRefusal } from "./documents";
import type { IamState, PolicyState, RoleState } from "./state";

interface Write {
    readonly state: IamState;
    readonly accountId: string;
    readonly parameter: (name: string) => string;
}

type Rule = (write: Write) => AwsError | undefined;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: managed policies attached to a role. */
const policiesPerRole = 10;

/**
 * The reason why IAM refuses a write in this state. moto itself makes the other refusals. A policy with the ARN of
 * another partition needs no rule: it does not exist, which is NoSuchEntity.
 */
const rules: Readonly<Record<string, Rule>> = {
    CreateRole: (write) =>
        isTaken(write.parameter("RoleName"), Object.keys(write.state.roles))
            ? alreadyExists(`Role with name ${write.parameter("RoleName")} already exists.`)
            : (trust(write, write.parameter("AssumeRolePolicyDocument")) ?? missingBoundary(write)),
    PutRolePermissionsBoundary: (write) => missingRole(write) ?? missingBoundary(write),
    UpdateAssumeRolePolicy: (write) => missingRole(write) ?? trust(write, write.parameter("PolicyDocument")),
    DeleteRole: (write) => missingRole(write) ?? deleteRole(write.state.roles[write.parameter("RoleName")]),
    AttachRolePolicy: (write) => missingRole(write) ?? attachRolePolicy(write),
    DetachRolePolicy: (write) => missingRole(write) ?? detachRolePolicy(write),
    PutRolePolicy: (write) => missingRole(write) ?? putRolePolicy(write),
    RemoveRoleFromInstanceProfile: (write) => missingRole(write) ?? removeFromProfile(write),
    CreatePolicy: createPolicy,
    CreatePolicyVersion: (write) => missingPolicy(write) ?? createPolicyVersion(write),
    DeletePolicyVersion: (write) => missingVersion(write) ?? deletePolicyVersion(write),
    SetDefaultPolicyVersion: missingVersion,
    DeletePolicy: (write) => missingPolicy(write) ?? deletePolicy(write),
    UpdateRole: missingRole,
    CreateOpenIDConnectProvider: createOidcProvider,
    AddClientIDToOpenIDConnectProvider: (write) => missingProvider(write) ?? addClientId(write),
    RemoveClientIDFromOpenIDConnectProvider: missingProvider,
};

export function writeRefusal(
    action: string,
    parameters: ReadonlyMap<string, string>,
    state: IamState,
    accountId: string,
): AwsError | undefined {
    return rules[action]?.({ state, accountId, parameter: (name) => parameters.get(name) ?? "" });
}

function trust(write: Write, document: string): AwsError | undefined {
    const roleArns = Object.values(write.state.roles).map((role) => role.arn);
    return trustPolicyRefusal(document, write.accountId, roleArns);
}

/** A permissions boundary must exist. Code and words: commonErrors.ts, seenErrors. */
function missingBoundary({ state, accountId, parameter }: Write): AwsError | undefined {
    const arn = parameter("PermissionsBoundary");
    return arn.includes(`:${accountId}:policy/`) && !state.policies[arn]
        ? noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`)
        : undefined;
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html (DeleteConflict) */
function deleteRole(role: RoleState | undefined): AwsError | undefined {
    if (role?.instanceProfileNames.length) {
        return deleteConflict("Cannot delete entity, must remove roles from instance profile first.");
    }
    if (role?.attachedPolicyArns.length) {
        return deleteConflict("Cannot delete entity, must detach all policies first.");
    }
    return Object.keys(role?.inlinePolicies ?? {}).length > 0
        ? deleteConflict("Cannot delete entity, must delete policies first.")
        : undefined;
}

function attachRolePolicy({ state, parameter }: Write): AwsError | undefined {
    const attached = state.roles[parameter("RoleName")]?.attachedPolicyArns ?? [];
    return attached.length >= policiesPerRole && !attached.includes(parameter("PolicyArn"))
        ? limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${policiesPerRole}`)
        : undefined;
}

function detachRolePolicy({ state, parameter }: Write): AwsError | undefined {
    const attached = state.roles[parameter("RoleName")]?.attachedPolicyArns ?? [];
    return attached.includes(parameter("PolicyArn"))
        ? undefined
        : noSuchEntity(`Policy ${parameter("PolicyArn")} was not found.`);
}

/** API_RemoveRoleFromInstanceProfile.html documents NoSuchEntity. The wording is not known from a source of AWS. */
function removeFromProfile({ state, parameter }: Write): AwsError | undefined {
    const [role, profile] = [parameter("RoleName"), parameter("InstanceProfileName")];
    return state.roles[role]?.instanceProfileNames.includes(profile)
        ? undefined
        : noSuchEntity(`The role with name ${role} cannot be found in the instance profile ${profile}.`);
}

function putRolePolicy({ state, parameter }: Write): AwsError | undefined {
    const replaced = parameter("PolicyName");
    const others = Object.entries(state.roles[parameter("RoleName")]?.inlinePolicies ?? {})
        .filter(([name]) => name !== replaced)
        .map(([, document]) => document);
    return inlinePolicyRefusal(parameter("PolicyDocument"), parameter("RoleName"), others);
}

/** Across paths: "policy names must be unique within the account" (API_CreatePolicy.html). */
function createPolicy({ state, accountId, parameter }: Write): AwsError | undefined {
    const own = Object.keys(state.policies).filter((arn) => arn.includes(`:${accountId}:`));
    const names = own.map((arn) => arn.slice(arn.lastIndexOf("/") + 1));
    return isTaken(parameter("PolicyName"), names)
        ? alreadyExists(`A policy called ${parameter("PolicyName")} already exists. Duplicate names are not allowed.`)
        : managedPolicyRefusal(parameter("PolicyDocument"));
}

/** "Names are not distinguished by case" (API_CreateRole.html, API_CreatePolicy.html). */
function isTaken(name: string, names: readonly string[]): boolean {
    return names.some((other) => other.toLowerCase() === name.toLowerCase());
}

function createPolicyVersion({ state, parameter }: Write): AwsError | undefined {
    const policy = state.policies[parameter("PolicyArn")];
    return policy && policy.versionIds.length >= 5
        ? limitExceeded(
              "A managed policy can have up to 5 versions. Before you create a new version, " +
                  "you must delete an existing version.",
          )
        : managedPolicyRefusal(parameter("PolicyDocument"));
}

function deletePolicyVersion({ state, parameter }: Write): AwsError | undefined {
    return state.policies[parameter("PolicyArn")]?.defaultVersionId === parameter("VersionId")
        ? deleteConflict("Cannot delete the default version of a policy.")
        : undefined;
}

function deletePolicy({ state, parameter }: Write): AwsError | undefined {
    const policy = state.policies[parameter("PolicyArn")];
    if (policy && isAttached(policy, Object.values(state.roles))) {
        return deleteConflict("Cannot delete a policy attached to entities.");
    }
    return policy && policy.versionIds.length > 1
        ? deleteConflict(
              "This policy has more than one version. Before you delete a policy, you must delete the policy's " +
                  "versions. The default version is deleted with the policy.",
          )
        : undefined;
}

function isAttached(policy: PolicyState, roles: readonly RoleState[]): boolean {
    return (
        policy.attachmentCount > 0 ||
        roles.some((role) => role.attachedPolicyArns.includes(policy.arn) || role.permissionsBoundaryArn === policy.arn)
    );
}

function createOidcProvider({ state, parameter }: Write): AwsError | undefined {
    const url = parameter("Url");
    return Object.values(state.oidcProviders).some((provider) => `https://${provider.url}` === url)
        ? alreadyExists(`Provider with url ${url} already exists.`)
        : undefined;
}

/** reference_iam-quotas.html: client ids (audiences) of an OIDC provider. */
function addClientId({ state, parameter }: Write): AwsError | undefined {
    const clientIds = state.oidcProviders[parameter("OpenIDConnectProviderArn")]?.clientIds ?? [];
    return clientIds.length >= 100 && !clientIds.includes(parameter("ClientID"))
        ? limitExceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100")
        : undefined;
}

function missingProvider({ state, parameter }: Write): AwsError | undefined {
    const arn = parameter("OpenIDConnectProviderArn");
    return state.oidcProviders[arn] ? undefined : noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
}

function missingRole({ state, parameter }: Write): AwsError | undefined {
    const name = parameter("RoleName");
    return state.roles[name] ? undefined : noSuchEntity(`The role with name ${name} cannot be found.`);
}

/** Policies of AWS and of other accounts can be attached but not changed. moto would change them. */
function missingPolicy({ state, accountId, parameter }: Write): AwsError | undefined {
    const arn = parameter("PolicyArn");
    if (!arn.includes(`:${accountId}:`)) {
        return new AwsError("AccessDenied", "Policy is outside your own account.", 403);
    }
    return state.policies[arn] ? undefined : noSuchEntity(`Policy ${arn} was not found.`);
}

/** The message of SetDefaultPolicyVersion, as moto records it (moto/iam/models.py, set_default_policy_version). */
function missingVersion(write: Write): AwsError | undefined {
    const [arn, id] = [write.parameter("PolicyArn"), write.parameter("VersionId")];
    return (
        missingPolicy(write) ??
        (write.state.policies[arn]?.versionIds.includes(id)
            ? undefined
            : noSuchEntity(`Policy ${arn} version ${id} does not exist or is not attachable.`))
    );
}

function noSuchEntity(message: string): AwsError {
    return new AwsError("NoSuchEntity", message, 404);
}

function alreadyExists(message: string): AwsError {
    return new AwsError("EntityAlreadyExists", message, 409);
}

function deleteConflict(message: string): AwsError {
    return new AwsError("DeleteConflict", message, 409);
}

function limitExceeded(message: string): AwsError {
    return new AwsError("LimitExceeded", message, 409);
}
