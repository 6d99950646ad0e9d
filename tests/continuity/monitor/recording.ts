import type { IamState, ServiceControlPolicies } from "local-eks/iam";
/**
 * The events that the monitor recorded in a time span. They are facts only: paths.ts and gaps.ts judge them afterwards, so that
 * a figure can be computed again from the recording. Times are milliseconds since the epoch.
 */

export interface Recording {
    readonly from: number;
    readonly to: number;
    /** The cluster's OIDC issuer, without `https://`. */
    readonly issuer: string;
    readonly accountId: string;
    /** The session tags of Pod Identity name it. */
    readonly clusterArn: string;
    readonly events: readonly RecordedEvent[];
    /** Writes of others that took the pods' path away. */
    readonly outsiders?: readonly Outsider[];
}

/** A write of another party that takes the pods' path away, until the run that repairs it. */
export interface Outsider {
    /** When it was made. */
    readonly from: number;
    /** When the run that repairs it began. */
    readonly repairedFrom: number;
    /** How long that run may take until every pod has a path again. */
    readonly limitSeconds: number;
}

export type RecordedEvent =
    | { readonly at: number; readonly kind: "iam"; readonly state: IamState }
    | { readonly at: number; readonly kind: "pod"; readonly pod: PodRecord }
    | { readonly at: number; readonly kind: "podGone"; readonly uid: string }
    | { readonly at: number; readonly kind: "node"; readonly node: NodeRecord }
    | { readonly at: number; readonly kind: "nodeGone"; readonly name: string }
    | {
          readonly at: number;
          readonly kind: "instance";
          readonly id: string;
          readonly profile: string | undefined;
          /** Its subnet and its security groups. */
          readonly network?: string;
      }
    /**
     * The nodes that cannot reach STS from this moment on, or that can again. "all" and "none" replace all earlier events, names
     * those of the same nodes.
     */
    | { readonly at: number; readonly kind: "stsCutOff"; readonly nodes: "none" | "all" | readonly string[] }
    | { readonly at: number; readonly kind: "stsBack"; readonly nodes: readonly string[] }
    /** Whether STS refuses every token from this moment on, whichever node it comes from. */
    | { readonly at: number; readonly kind: "stsRefuses"; readonly refuses: boolean }
    | { readonly at: number; readonly kind: "serviceAccount"; readonly roleArn: string | undefined }
    /**
     * The service account's Pod Identity association, from the moment at which a part of EKS sees it: `eks` for the API, and one name for each server of
     * EKS Auth. Undefined if there is none any more.
     */
    | {
          readonly at: number;
          readonly kind: "association";
          readonly seenBy: string;
          readonly association: AssociationRecord | undefined;
      }
    /** EKS Auth has given a node's agent credentials of this role for a pod. */
    | { readonly at: number; readonly kind: "credentials"; readonly uid: string; readonly roleArn: string }
    /** A pod of the Pod Identity agent. */
    | { readonly at: number; readonly kind: "agent"; readonly agent: AgentRecord }
    | { readonly at: number; readonly kind: "agentGone"; readonly uid: string }
    /** The nodes whose agents cannot reach EKS Auth from this moment on, or can again, as for STS. */
    | { readonly at: number; readonly kind: "eksAuthCutOff"; readonly nodes: "none" | "all" | readonly string[] }
    | { readonly at: number; readonly kind: "eksAuthBack"; readonly nodes: readonly string[] }
    /** The service control policies of the account's organization from this moment on, by level. */
    | { readonly at: number; readonly kind: "serviceControlPolicies"; readonly levels: ServiceControlPolicies }
    /** The watches were interrupted (`blind`), or are complete again. In between, the last known state counts. */
    | { readonly at: number; readonly kind: "sight"; readonly blind: boolean };

export interface PodRecord {
    readonly uid: string;
    readonly name: string;
    readonly node: string;
    /** Whether its containers have started: from then on, the CNI makes calls. */
    readonly running: boolean;
    readonly ready: boolean;
    readonly terminating: boolean;
    /** Milliseconds since the epoch, in the API server's precision of one second. */
    readonly createdAt: number;
    readonly serviceAccount: string;
    /** By the variable ENABLE_IPv6 of the container aws-node. */
    readonly ipFamily: "ipv4" | "ipv6";
    /** Whether the container aws-node has AWS_WEB_IDENTITY_TOKEN_FILE. */
    readonly tokenFile: boolean;
    readonly roleArn: string | undefined;
    /** Whether the container aws-node has AWS_CONTAINER_CREDENTIALS_FULL_URI, which the SDK uses only without a token file. */
    readonly containerCredentials?: boolean;
    /** The audience of the token in the volume with the token file; undefined if no volume has it. */
    readonly audience: string | undefined;
}

export interface AssociationRecord {
    readonly roleArn: string;
    readonly disableSessionTags: boolean;
    /** Whether it has a target role or a session policy, which change the permissions of the pods. */
    readonly isLimited: boolean;
}

export interface AgentRecord {
    readonly uid: string;
    readonly node: string;
    /** Whether its container is ready, and it is not being deleted. */
    readonly serving: boolean;
}

export interface NodeRecord {
    readonly name: string;
    readonly ready: boolean;
    readonly instanceId: string | undefined;
}
