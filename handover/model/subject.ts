import { parseRoleArn } from "../../documents/arn";
import { managedCniPolicyArn } from "../../documents/cniPermissions";

/** What a hand-over is about. Everything in it is plain data, since it is kept in the stack's state. */
export interface Subject {
    /** The component's name in its stack, for messages. */
    readonly component: string;
    /** The field manager under which the component's patches write, by which another component's are told. */
    readonly fieldManager: string;
    /** The service account that takes the CNI role. */
    readonly serviceAccount: { readonly namespace: string; readonly name: string };
    /** The DaemonSet, in the service account's namespace, whose pods use it. */
    readonly daemonSetName: string;
    /** The name of the ValidatingAdmissionPolicy, and of its binding, that is the injection guard. */
    readonly injectionGuardName: string;
    readonly ipFamily: "ipv4" | "ipv6";
    /** The CNI role. */
    readonly roleArn: string;
    /** The OIDC issuers that the CNI role trusts, without `https://`, the cluster's own first. */
    readonly issuers: readonly string[];
    /** The name of the EKS cluster, where the program gives it. */
    readonly clusterName?: string;
    /** The annotations that deliver the CNI role to the service account. */
    readonly annotations: Readonly<Record<string, string>>;
}

/** The AWS managed CNI policy, in the partition of the CNI role. */
export function managedPolicyOf({ roleArn }: Subject): string {
    return managedCniPolicyArn(parseRoleArn(roleArn)?.partition ?? "aws");
}

/** How long each part may take, in seconds. */
export interface Timeouts {
    readonly proofSeconds: number;
    readonly canarySeconds: number;
    readonly verificationSeconds: number;
    readonly handBackSeconds: number;
}
