import type { Subject } from "./subject";
import type { World } from "./world";

/** What is known before anything moves. */
export interface Preflight {
    readonly subject: Subject;
    readonly world: World;
    readonly clusterVersion: { readonly major: number; readonly minor: number };
    readonly callerAccount: string;
    /** The issuer in a token of the service account, without `https://`. Undefined where there is no service account. */
    readonly tokenIssuer: string | undefined;
    readonly otherDelivery: OtherDelivery | undefined;
    readonly overrideExistingServiceAccount: boolean;
    readonly detachFromNodeRoles: readonly string[];
    readonly injectionGuard: boolean;
    /** Whether the role has more policies than the CNI's own. */
    readonly additionalPolicies: boolean;
    /** Of the process: settings of the engine that take a foundation away. */
    readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What the operator asks for, as far as it decides whether anything may move. */
export type PreflightOptions = Pick<
    Preflight,
    "overrideExistingServiceAccount" | "detachFromNodeRoles" | "injectionGuard" | "additionalPolicies"
>;

/** How else EKS gives the service account credentials. */
export interface OtherDelivery {
    /** The role that the managed add-on `vpc-cni` gives the service account. */
    readonly addOnRoleArn: string | undefined;
    /** Whether the managed add-on is installed. */
    readonly addOn: boolean;
    /** Role ARNs of Pod Identity associations of the service account (those of the add-on included). */
    readonly podIdentityRoleArns: readonly string[];
    /** What could not be read, and why (missing rights): reported, and no obstacle. */
    readonly unread: readonly string[];
}
