import type { ClusterSeen } from "../model/world";

/** All that the hand-over reads and writes in a cluster. Each call is bounded in time and retries what is worth it. */
export interface ClusterAccess {
    /** Who the cluster is, and whether it answers. Each call ends with a Refusal otherwise: see failures.ts. */
    identity(): Promise<{ readonly uid: string; readonly version: { readonly major: number; readonly minor: number } }>;
    /** One look: paged LISTs, of each object only what a decision needs. */
    look(): Promise<ClusterSeen>;
    /** Resolves when something has changed that a decision may depend on, and at the latest after so many milliseconds. */
    change(atMostMilliseconds: number): Promise<void>;
    /** The issuer of the cluster's tokens, without `https://`, as far as it can be read without making one. */
    issuer(): Promise<string | undefined>;
    /** A token of the service account for STS (TokenRequest, audience sts.amazonaws.com, the shortest lifetime). */
    requestToken(): Promise<string>;
    /**
     * Sets these annotations of the service account by server-side apply under the component's field manager; what that
     * manager owned besides is given up.
     */
    annotate(annotations: Readonly<Record<string, string>>, force: boolean): Promise<void>;
    /** Deletes a pod, if it still is the one of this UID. A pod that is gone is no error. */
    restart(pod: { readonly name: string; readonly uid: string }): Promise<void>;
    /** Deletes the pod without waiting for its kubelet (grace period 0): for a node that does not answer. */
    forceRestart(pod: { readonly name: string; readonly uid: string }): Promise<void>;
    /** Gives up what the component owns of the DaemonSet, by which the rollout annotation leaves the pod template. */
    releaseTemplate(): Promise<void>;
    /** What waking the DaemonSet's controller has left. */
    removeWakeMark(): Promise<void>;
    /**
     * Gives up what the component owns of the service account, and takes its `pulumi.com/` control annotations off. The
     * annotations of `leaving` are there afterwards, owned by another manager than the component.
     */
    releaseServiceAccount(leaving: Readonly<Record<string, string>>): Promise<void>;
    /** A harmless write to the DaemonSet, after which its controller tries at once to create the pods that were refused. */
    wakeDaemonSet(): Promise<void>;
    /** Deletes the injection guard's binding and policy. What is gone is no error. */
    removeInjectionGuard(): Promise<void>;
    /** Ends what is open: watches, connections. */
    close(): void;
}
