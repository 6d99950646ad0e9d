export interface RoleState {
    readonly name: string;
    readonly arn: string;
    readonly id: string;
    readonly trustPolicy: string;
    readonly maxSessionDuration: number;
    readonly attachedPolicyArns: readonly string[];
    readonly inlinePolicies: Readonly<Record<string, string>>;
    readonly permissionsBoundaryArn?: string;
    readonly instanceProfileNames: readonly string[];
}

export interface PolicyState {
    readonly arn: string;
    /** Text of the default version. */
    readonly document: string;
    readonly versionIds: readonly string[];
    readonly defaultVersionId: string;
    /** Users and groups count too, which are not part of this state. */
    readonly attachmentCount: number;
}

export interface OidcProviderState {
    readonly arn: string;
    /** Host and path, without "https://", as IAM keeps it. */
    readonly url: string;
    readonly clientIds: readonly string[];
}

/** What authorisation depends on, as plain data: one of these is kept for each change. */
export interface IamState {
    readonly roles: Readonly<Record<string, RoleState>>;
    /** Customer managed policies, and those AWS managed ones that are attached somewhere. */
    readonly policies: Readonly<Record<string, PolicyState>>;
    readonly oidcProviders: Readonly<Record<string, OidcProviderState>>;
}

export const emptyIamState: IamState = { roles: {}, policies: {}, oidcProviders: {} };
