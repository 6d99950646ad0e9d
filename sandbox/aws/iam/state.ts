/** A role with everything that decides about its permissions and its sessions. */
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

/** A managed policy. */
export interface PolicyState {
    readonly arn: string;
    /** The text of the default version. */
    readonly document: string;
    readonly versionIds: readonly string[];
    readonly defaultVersionId: string;
    /** Includes users and groups, which are not part of this state. */
    readonly attachmentCount: number;
}

export interface OidcProviderState {
    readonly arn: string;
    /** Host and path without "https://", as IAM stores it. */
    readonly url: string;
    readonly clientIds: readonly string[];
}

/** Everything that authorisation depends on, as plain data. The timeline keeps one state for each change. */
export interface IamState {
    readonly roles: Readonly<Record<string, RoleState>>;
    /** Customer managed policies, and the AWS managed policies that are attached to a role. */
    readonly policies: Readonly<Record<string, PolicyState>>;
    readonly oidcProviders: Readonly<Record<string, OidcProviderState>>;
}

/** The state of an account without roles, policies and OIDC providers. */
export const emptyIamState: IamState = { roles: {}, policies: {}, oidcProviders: {} };
