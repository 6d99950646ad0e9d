import type { IamState } from "local-eks/iam";
/**
 * What the monitor has written down of one stretch of time. It holds no judgement: paths.ts and gaps.ts make one of it
 * afterwards, so that a figure can be computed again from the recording. Times are milliseconds since the epoch.
 */

export interface Recording {
    readonly from: number;
    readonly to: number;
    /** The cluster's OIDC issuer, without `https://`. */
    readonly issuer: string;
    readonly accountId: string;
    readonly events: readonly RecordedEvent[];
}

export type RecordedEvent =
    | { readonly at: number; readonly kind: "iam"; readonly state: IamState }
    | { readonly at: number; readonly kind: "pod"; readonly pod: PodRecord }
    | { readonly at: number; readonly kind: "podGone"; readonly uid: string }
    | { readonly at: number; readonly kind: "node"; readonly node: NodeRecord }
    | { readonly at: number; readonly kind: "nodeGone"; readonly name: string }
    | { readonly at: number; readonly kind: "instance"; readonly id: string; readonly profile: string | undefined }
    /** From which nodes STS can not be reached, from this moment on. */
    | { readonly at: number; readonly kind: "stsCutOff"; readonly nodes: "none" | "all" }
    | { readonly at: number; readonly kind: "serviceAccount"; readonly roleArn: string | undefined }
    | { readonly at: number; readonly kind: "daemonSet"; readonly generation: number }
    /** The watches were interrupted (`blind`), or are complete again. What was known last goes on to be taken as true. */
    | { readonly at: number; readonly kind: "sight"; readonly blind: boolean };

export interface PodRecord {
    readonly uid: string;
    readonly name: string;
    readonly node: string;
    /** Its containers have been started: the CNI in it makes calls. */
    readonly running: boolean;
    readonly ready: boolean;
    readonly terminating: boolean;
    /** Milliseconds since the epoch; the API server tells whole seconds. */
    readonly createdAt: number;
    readonly serviceAccount: string;
    /** Of the container that is the CNI. */
    readonly tokenFile: boolean;
    readonly roleArn: string | undefined;
    /** Of the token in the volume that the token file lies in; undefined where there is no such volume. */
    readonly audience: string | undefined;
}

export interface NodeRecord {
    readonly name: string;
    readonly ready: boolean;
    readonly instanceId: string | undefined;
}
