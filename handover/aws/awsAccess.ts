import type { AddOnSeen, AddOnUpdate, AddOnUpdateSeen, AddOnUpdateSent, PassRole } from "../model/addOn";
import type { Attached } from "./attachments";
import type { PassedToService } from "./passRole";
import type { AssociationsSeen } from "../model/association";
import type { NamedCluster, OtherDelivery } from "../model/otherDelivery";
import type {
    PodSessionProof,
    PodSessionRequest,
    Proof,
    ProofRequest,
    UndecidedActions,
    UndecidedRequest,
} from "../model/proof";
import type { ServiceAccountName } from "../model/subject";
import type { SettingGap, SettingGapRequest } from "../model/settingGap";
import type { AccountSeen } from "../model/world";

/** All reads and writes of the hand-over in the AWS account. Each call has a time limit and retries throttling. */
export interface AwsAccess {
    /** The account of the caller (sts:GetCallerIdentity). */
    callerAccount(): Promise<string>;
    /** Reads the node roles: those of the given instances, and those with the given names. */
    look(query: AccountQuery): Promise<AccountSeen>;
    /**
     * Attaches a managed policy, unless it is attached already. Returns `gone` if the role does not exist, and `policyGone` if the
     * policy does not. A policy that is not one of the CNI alone, and that is not `listed`, is not attached (`notOfCni`).
     */
    attach(roleName: string, policyArn: string): Promise<Attached>;
    /** Detaches a managed policy, if it is attached. Returns `gone` if the role does not exist. */
    detach(roleName: string, policyArn: string): Promise<"detached" | "gone">;
    /** The actions of the CNI, and of its network policy logs, that these managed policies do not grant together. */
    missingGrants(policyArns: readonly string[], ipFamily: "ipv4" | "ipv6"): Promise<MissingGrants>;
    /** The actions that the plugin's settings make it call, and that the CNI role does not grant. Undefined if there are none. */
    settingGap(request: SettingGapRequest): Promise<SettingGap | undefined>;
    /** Whether the cluster exists, with this issuer if one is given. `gone` only if EKS itself says so. */
    clusterStatus(clusterName: string, issuer?: string): Promise<"there" | "gone" | "unknown">;
    /** The issuer of the cluster that EKS knows by this name. */
    namedCluster(clusterName: string): Promise<NamedCluster>;
    /** Other ways in which EKS gives aws-node credentials: the add-on's role, and Pod Identity associations. */
    otherDelivery(
        clusterName: string,
        serviceAccount: { readonly namespace: string; readonly name: string },
    ): Promise<OtherDelivery>;
    /** The Pod Identity associations of the service account, with what decides whether they give pods a role. */
    associations(clusterName: string, serviceAccount: ServiceAccountName): Promise<AssociationsSeen>;
    /** Gives an association another role, if it still exists. */
    changeAssociation(clusterName: string, associationId: string, roleArn: string): Promise<void>;
    /** Deletes an association, if it still exists. */
    deleteAssociation(clusterName: string, associationId: string): Promise<void>;
    /** Whether the node roles let the EKS Pod Identity Agent get credentials, by their names. */
    agentRights(roleNames: readonly string[], clusterArn: string): Promise<AgentRights>;
    /** The managed add-on vpc-cni. */
    addOn(clusterName: string): Promise<AddOnSeen>;
    /** Asks EKS to give the add-on another role, or none. EKS carries it out later. */
    updateAddOn(update: AddOnUpdate): Promise<AddOnUpdateSent>;
    /** How far such an update is. */
    addOnUpdate(clusterName: string, updateId: string): Promise<AddOnUpdateSeen>;
    /** Whether the caller may pass this role to the service, which EKS requires for the managed add-on and for an association. */
    mayPassRole(roleArn: string, service: PassedToService): Promise<PassRole>;
    /** Collects evidence that a token can assume the role, and that the role has the permissions: see aws/proof.ts. */
    prove(request: ProofRequest): Promise<Proof>;
    /** The same for a session that a pod gets by an association, if EKS Auth gives it to this machine: see aws/podSession.ts. */
    provePodSession(request: PodSessionRequest): Promise<PodSessionProof>;
    /** The plugin's writing actions of which nothing shows that the role may call them. Undefined: there is none. See aws/undecidedActions.ts. */
    undecidedActions(request: UndecidedRequest): Promise<UndecidedActions | undefined>;
}

/** What IAM's simulator says about each node role. `unknown`: it was not allowed, or it depends on what only a real call has. */
export type AgentRights = Readonly<Record<string, "allowed" | "denied" | "unknown">>;

export interface MissingGrants {
    readonly cni: readonly string[];
    readonly logs: readonly string[];
}

export interface AccountQuery {
    /** The instance IDs of the nodes that the DaemonSet selects: their roles are read. */
    readonly instanceIds: readonly string[];
    /** The instance IDs of the cluster's other nodes. Missing if there are none. */
    readonly otherInstanceIds?: readonly string[];
    /** Those of them with pods that may use the node role: a detachment waits until their roles are known. Missing if there are none. */
    readonly instanceIdsInUse?: readonly string[];
    /** Names of further roles to read. */
    readonly roleNames: readonly string[];
    readonly ipFamily: "ipv4" | "ipv6";
    /** Whether to search all enabled regions, or `regions`, for instances outside the cluster that use these roles. */
    readonly searchElsewhere: boolean;
    /** The regions to search instead of all enabled ones. The cluster's own is searched in any case. */
    readonly regions?: readonly string[];
    readonly clusterName?: string;
    /**
     * An earlier look, which counts for the instances and the roles that it has: only other instances are read. A fleet has thousands of
     * instances, and some of them change while a look goes on.
     */
    readonly earlier?: AccountSeen;
}
