import {
    GetAccountAuthorizationDetailsCommand,
    type GetAccountAuthorizationDetailsCommandOutput,
    GetOpenIDConnectProviderCommand,
    GetPolicyCommand,
    GetPolicyVersionCommand,
    ListOpenIDConnectProvidersCommand,
    paginateListRoles,
    type IAMClient,
    type ManagedPolicyDetail,
    type RoleDetail,
} from "@aws-sdk/client-iam";

import type { IamState, OidcProviderState, PolicyState, RoleState } from "./state";

/** moto's answers to three kinds of call. */
interface Parts {
    readonly details: GetAccountAuthorizationDetailsCommandOutput;
    readonly durations: ReadonlyMap<string, number>;
    readonly oidcProviders: readonly OidcProviderState[];
}

/** Reads the whole state from moto. The texts of AWS managed policies never change and are read once. */
export class StateReader {
    private readonly awsManaged = new Map<string, Promise<PolicyState>>();
    private last: Parts | undefined;

    constructor(private readonly iam: IAMClient) {}

    /** @param action The write before this read; parts of the state that it cannot have changed are not read again. */
    async read(action: string): Promise<IamState> {
        const isOfProvider = action.includes("OpenIDConnectProvider");
        const isOfRoleItself = /^(?:Create|Update|Delete)Role$/.test(action);
        const [details, durations, oidcProviders] = await Promise.all([
            isOfProvider && this.last ? this.last.details : this.details(),
            this.last && !isOfRoleItself ? this.last.durations : this.maxSessionDurations(),
            this.last && !isOfProvider ? this.last.oidcProviders : this.oidcProviders(),
        ]);
        this.last = { details, durations, oidcProviders };
        return this.stateOf(this.last);
    }

    private async stateOf({ details, durations, oidcProviders }: Parts): Promise<IamState> {
        const roles = (details.RoleDetailList ?? []).map((role) => roleState(role, durations));
        const own = (details.Policies ?? []).map(policyState);
        const ownArns = new Set(own.map((policy) => policy.arn));
        const foreign = new Set(
            roles.flatMap((role) => [...role.attachedPolicyArns, role.permissionsBoundaryArn ?? ""]).filter(Boolean),
        );
        const awsManaged = await Promise.all(
            [...foreign].filter((arn) => !ownArns.has(arn)).map((arn) => this.awsManagedPolicy(arn)),
        );
        return {
            roles: Object.fromEntries(roles.map((role) => [role.name, role])),
            policies: Object.fromEntries([...own, ...awsManaged].map((policy) => [policy.arn, policy])),
            oidcProviders: Object.fromEntries(oidcProviders.map((provider) => [provider.arn, provider])),
        };
    }

    private details(): Promise<GetAccountAuthorizationDetailsCommandOutput> {
        return this.iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ["Role", "LocalManagedPolicy"] }));
    }

    private async maxSessionDurations(): Promise<Map<string, number>> {
        const durations = new Map<string, number>();
        for await (const page of paginateListRoles({ client: this.iam }, {})) {
            for (const role of page.Roles ?? []) {
                durations.set(role.RoleName ?? "", role.MaxSessionDuration ?? 3600);
            }
        }
        return durations;
    }

    private async oidcProviders(): Promise<OidcProviderState[]> {
        const list = await this.iam.send(new ListOpenIDConnectProvidersCommand({}));
        return Promise.all(
            (list.OpenIDConnectProviderList ?? []).map(async ({ Arn: arn = "" }) => {
                const provider = await this.iam.send(
                    new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }),
                );
                return { arn, url: provider.Url ?? "", clientIds: provider.ClientIDList ?? [] };
            }),
        );
    }

    private awsManagedPolicy(arn: string): Promise<PolicyState> {
        let policy = this.awsManaged.get(arn);
        if (!policy) {
            policy = this.readAwsManagedPolicy(arn);
            this.awsManaged.set(arn, policy);
        }
        return policy;
    }

    private async readAwsManagedPolicy(arn: string): Promise<PolicyState> {
        const policy = await this.iam.send(new GetPolicyCommand({ PolicyArn: arn }));
        const versionId = policy.Policy?.DefaultVersionId ?? "v1";
        const version = await this.iam.send(new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: versionId }));
        return {
            arn,
            document: plainDocument(version.PolicyVersion?.Document),
            versionIds: [versionId],
            defaultVersionId: versionId,
            attachmentCount: 1,
        };
    }
}

function roleState(role: RoleDetail, durations: ReadonlyMap<string, number>): RoleState {
    const name = role.RoleName ?? "";
    const boundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
    return {
        name,
        arn: role.Arn ?? "",
        id: role.RoleId ?? "",
        trustPolicy: plainDocument(role.AssumeRolePolicyDocument),
        maxSessionDuration: durations.get(name) ?? 3600,
        attachedPolicyArns: (role.AttachedManagedPolicies ?? []).map((policy) => policy.PolicyArn ?? ""),
        inlinePolicies: Object.fromEntries(
            (role.RolePolicyList ?? []).map((policy) => [
                policy.PolicyName ?? "",
                plainDocument(policy.PolicyDocument),
            ]),
        ),
        ...(boundary && { permissionsBoundaryArn: boundary }),
        instanceProfileNames: (role.InstanceProfileList ?? []).map((profile) => profile.InstanceProfileName ?? ""),
    };
}

function policyState(policy: ManagedPolicyDetail): PolicyState {
    const versions = policy.PolicyVersionList ?? [];
    const current = versions.find((version) => version.IsDefaultVersion);
    return {
        arn: policy.Arn ?? "",
        document: plainDocument(current?.Document),
        versionIds: versions.map((version) => version.VersionId ?? ""),
        defaultVersionId: policy.DefaultVersionId ?? "",
        attachmentCount: policy.AttachmentCount ?? 0,
    };
}

/** IAM URL-encodes documents; moto does so in some answers only. */
function plainDocument(document = ""): string {
    return document.startsWith("%") ? decodeURIComponent(document) : document;
}
