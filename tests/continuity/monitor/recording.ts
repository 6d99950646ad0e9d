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
    /** The role of the service account's Pod Identity association. Undefined if there is none any more. */
    | { readonly at: number; readonly kind: "association"; readonly roleArn: string | undefined }
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
    /** Whether the container aws-node has AWS_WEB_IDENTITY_TOKEN_FILE. */
    readonly tokenFile: boolean;
    readonly roleArn: string | undefined;
    /** Whether the container aws-node has AWS_CONTAINER_CREDENTIALS_FULL_URI, which the SDK uses only without a token file. */
    readonly containerCredentials?: boolean;
    /** The audience of the token in the volume with the token file; undefined if no volume has it. */
    readonly audience: string | undefined;
}

export interface NodeRecord {
    readonly name: string;
    readonly ready: boolean;
    readonly instanceId: string | undefined;
}
