import type { OtherDelivery } from "./otherDelivery";
import type { Subject } from "./subject";
import type { World } from "./world";

/** The input of the preflight: what a run knows before it changes anything. */
export interface Preflight {
    readonly subject: Subject;
    readonly world: World;
    readonly clusterVersion: { readonly major: number; readonly minor: number };
    readonly callerAccount: string;
    /** The cluster's token issuer, without `https://`. Undefined if there is no service account, or if it cannot be read. */
    readonly tokenIssuer: string | undefined;
    readonly otherDelivery: OtherDelivery | undefined;
    /** The roles that the caller may not pass to EKS. Missing if neither the add-on nor an association gets one, or if that cannot be seen. */
    readonly rolesNotPassed?: readonly string[];
    /** Whether the node roles let the EKS Pod Identity Agent get credentials. Missing with another delivery. */
    readonly agentRights?: Readonly<Record<string, "allowed" | "denied" | "unknown">>;
    /** The platform version of the cluster, for example `eks.4`. Missing with another delivery, or if EKS does not say it. */
    readonly platformVersion?: string;
    /** Whether the component has handed over before, so that its pods may be older than the annotation. Missing: it has not. */
    readonly isApproved?: boolean;
    /** Whether an association may be the component's: it has one, or is about to move the pods away from one. Missing: none is. */
    readonly ownAssociation?: boolean;
    readonly overrideExistingServiceAccount: boolean;
    readonly detachFromNodeRoles: readonly string[];
    /** The node roles that an earlier update has named, so that its pods may have moved already. Missing: none. */
    readonly namedBefore?: readonly string[];
    /** Whether pods may carry this role already, and it loses no policy: a refusal about its policies would stop repairs. Missing: no. */
    readonly keepsRole?: boolean;
    readonly injectionGuard: boolean;
    /** Whether the role has policies besides the CNI policy. */
    readonly additionalPolicies: boolean;
    /** The environment of the process. Engine settings in it can disable what the hand-over relies on. */
    readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The component's arguments that decide whether the hand-over may start. */
export type PreflightOptions = Pick<
    Preflight,
    "overrideExistingServiceAccount" | "detachFromNodeRoles" | "injectionGuard" | "additionalPolicies"
> & {
    /** The managed policies that the role is to have. Missing in a preview, which may not know them. Empty for a role of another owner. */
    readonly policyArns?: readonly string[];
};
