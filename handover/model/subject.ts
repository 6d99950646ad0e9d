import { parseRoleArn } from "../../documents/arn";
import { managedCniPolicyArn } from "../../documents/cniPermissions";

/** A service account's name. */
export interface ServiceAccountName {
    readonly namespace: string;
    readonly name: string;
}

/** The service account, DaemonSet and role of a hand-over. Plain data, since it is kept in the stack's state. */
export interface Subject {
    /** The component's name in its stack, for messages. */
    readonly component: string;
    /** The field manager of the component's patches. It distinguishes them from another component's. */
    readonly fieldManager: string;
    /** The service account that gets the CNI role. */
    readonly serviceAccount: ServiceAccountName;
    /** Those that had it before, according to the record. */
    readonly formerServiceAccounts?: readonly ServiceAccountName[];
    /** The DaemonSet, in the same namespace, whose pods use the service account. */
    readonly daemonSetName: string;
    /** The name of the injection guard's ValidatingAdmissionPolicy and of its binding. */
    readonly injectionGuardName: string;
    readonly ipFamily: "ipv4" | "ipv6";
    /** The CNI role. */
    readonly roleArn: string;
    /**
     * The OIDC issuers that the CNI role trusts, without `https://`, the cluster's own first. With the delivery `podIdentity` the cluster's own
     * alone, which identifies it.
     */
    readonly issuers: readonly string[];
    /** The name of the EKS cluster, if the program sets it. */
    readonly clusterName?: string;
    /** The annotations that deliver the CNI role to the service account. */
    readonly annotations: Readonly<Record<string, string>>;
    /** Who gives the service account the CNI role. Missing: the component annotates it. */
    readonly delivery?: Delivery;
    /** The ARN of the cluster, with the delivery `podIdentity`. */
    readonly clusterArn?: string;
    /** Whether an association may give pods a role of the component, according to the record. Missing: it does not. */
    readonly podIdentityDelivered?: true;
    /** Whether the managed add-on may carry a role of the component, according to the record. Missing: it does not. */
    readonly addOnDelivered?: true;
}

/**
 * `eksAddon`: the managed add-on, which the live checks tell the role. `external`: another writer, which they wait for. `podIdentity`: a Pod Identity
 * association, which is a resource of the component.
 */
export type Delivery = "external" | "eksAddon" | "podIdentity";

/** Whether pods may have the component's role by an association. */
export function dependsOnAssociation({ delivery, podIdentityDelivered }: Subject): boolean {
    return delivery === "podIdentity" || podIdentityDelivered === true;
}

export function isSameAccount(a: ServiceAccountName, b: ServiceAccountName): boolean {
    return a.namespace === b.namespace && a.name === b.name;
}

/** The AWS managed CNI policy, in the partition of the CNI role. */
export function managedPolicyOf({ roleArn }: Subject): string {
    return managedCniPolicyArn(parseRoleArn(roleArn)?.partition ?? "aws");
}

/** The time limit of each part, in seconds. */
export interface Timeouts {
    readonly proofSeconds: number;
    readonly canarySeconds: number;
    readonly verificationSeconds: number;
    readonly handBackSeconds: number;
    /** Missing in states of early versions. */
    readonly deliverySeconds?: number;
}
