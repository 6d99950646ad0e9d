import {
    AddRoleToInstanceProfileCommand,
    AttachRolePolicyCommand,
    CreateOpenIDConnectProviderCommand,
    CreatePolicyCommand,
    CreatePolicyVersionCommand,
    CreateRoleCommand,
    DeleteInstanceProfileCommand,
    DeleteOpenIDConnectProviderCommand,
    DeletePolicyCommand,
    DeletePolicyVersionCommand,
    DeleteRoleCommand,
    DeleteRolePolicyCommand,
    DetachRolePolicyCommand,
    PutRolePolicyCommand,
    RemoveRoleFromInstanceProfileCommand,
    UpdateAssumeRolePolicyCommand,
    type IAMClient,
} from "@aws-sdk/client-iam";

import type { IamState, RoleState } from "./state";

/**
 * Restores a former state of IAM with IAM's own calls: deletes what was added since, and recreates what was deleted or
 * changed.
 */
export async function restoreIam(iam: IAMClient, now: IamState, wanted: IamState): Promise<void> {
    for (const role of Object.values(now.roles).filter(({ name }) => !wanted.roles[name])) {
        await deleteRole(iam, role);
    }
    await restorePolicies(iam, now, wanted);
    for (const role of Object.values(wanted.roles)) {
        await restoreRole(iam, now.roles[role.name], role);
    }
    for (const policy of ownPolicies(now).filter(({ arn }) => !wanted.policies[arn])) {
        for (const VersionId of policy.versionIds.filter((id) => id !== policy.defaultVersionId)) {
            await iam.send(new DeletePolicyVersionCommand({ PolicyArn: policy.arn, VersionId }));
        }
        await iam.send(new DeletePolicyCommand({ PolicyArn: policy.arn }));
    }
    await restoreProviders(iam, now, wanted);
}

/** The policies of the account; AWS's own cannot be changed. */
function ownPolicies({ policies }: IamState) {
    return Object.values(policies).filter(({ arn }) => !arn.includes(":aws:policy/"));
}

async function deleteRole(iam: IAMClient, { name: RoleName, ...role }: RoleState): Promise<void> {
    for (const PolicyArn of role.attachedPolicyArns) {
        await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    }
    for (const PolicyName of Object.keys(role.inlinePolicies)) {
        await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    }
    for (const InstanceProfileName of role.instanceProfileNames) {
        await iam.send(new RemoveRoleFromInstanceProfileCommand({ RoleName, InstanceProfileName }));
        await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    }
    await iam.send(new DeleteRoleCommand({ RoleName }));
}

async function restorePolicies(iam: IAMClient, now: IamState, wanted: IamState): Promise<void> {
    for (const { arn, document } of ownPolicies(wanted)) {
        const present = now.policies[arn];
        if (present === undefined) {
            await iam.send(new CreatePolicyCommand({ PolicyName: arn.split("/").at(-1), PolicyDocument: document }));
        } else if (present.document !== document) {
            await iam.send(
                new CreatePolicyVersionCommand({ PolicyArn: arn, PolicyDocument: document, SetAsDefault: true }),
            );
        }
    }
}

async function restoreRole(iam: IAMClient, present: RoleState | undefined, wanted: RoleState): Promise<void> {
    const { name: RoleName, trustPolicy } = wanted;
    if (present === undefined) {
        await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustPolicy }));
    } else if (present.trustPolicy !== trustPolicy) {
        await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trustPolicy }));
    }
    const attached = present?.attachedPolicyArns ?? [];
    for (const PolicyArn of attached.filter((arn) => !wanted.attachedPolicyArns.includes(arn))) {
        await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    }
    for (const PolicyArn of wanted.attachedPolicyArns.filter((arn) => !attached.includes(arn))) {
        await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    }
    const inline = present?.inlinePolicies ?? {};
    for (const PolicyName of Object.keys(inline).filter((name) => wanted.inlinePolicies[name] === undefined)) {
        await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    }
    for (const [PolicyName, PolicyDocument] of Object.entries(wanted.inlinePolicies)) {
        if (inline[PolicyName] !== PolicyDocument) {
            await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
        }
    }
    const profiles = present?.instanceProfileNames ?? [];
    for (const InstanceProfileName of wanted.instanceProfileNames.filter((name) => !profiles.includes(name))) {
        await iam.send(new AddRoleToInstanceProfileCommand({ RoleName, InstanceProfileName }));
    }
}

async function restoreProviders(iam: IAMClient, now: IamState, wanted: IamState): Promise<void> {
    const changed = (arn: string) =>
        JSON.stringify(now.oidcProviders[arn]) !== JSON.stringify(wanted.oidcProviders[arn]);
    for (const OpenIDConnectProviderArn of Object.keys(now.oidcProviders).filter(changed)) {
        await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    }
    for (const { url, clientIds } of Object.values(wanted.oidcProviders).filter(({ arn }) => changed(arn))) {
        await iam.send(new CreateOpenIDConnectProviderCommand({ Url: `https://${url}`, ClientIDList: [...clientIds] }));
    }
}
