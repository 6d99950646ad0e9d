import type { ServiceAccountName } from "../model/subject";
import type { ClusterSeen, PodSeen } from "../model/world";

/** The result of a dry run. It is `unknown` if something else than the injection guard refused it, for example RBAC. */
export type Admission =
    | { readonly verdict: "admitted" | "refused" }
    | {
          readonly verdict: "unknown";
          readonly why: string;
          /** The name of another component's injection guard, if that refused it. */
          readonly anotherGuard?: string;
      };

/** All reads and writes of the hand-over in a cluster. Each call has a time limit and retries transient failures. */
export interface ClusterAccess {
    /** Identifies the cluster. If it does not answer, this and every other call throws a Refusal: see clusterErrors.ts. */
    identity(): Promise<{ readonly uid: string; readonly version: { readonly major: number; readonly minor: number } }>;
    /** The names that the EKS cluster may have according to the kubeconfig. Sends no request. */
    clustersInKubeconfig(): readonly string[];
    /** Reads the cluster once: paged LISTs, which keep only what a decision needs. */
    look(): Promise<ClusterSeen>;
    /**
     * Resolves when something has changed that a decision may depend on, at the latest after this time.
     *
     * @param readyOn Only one thing counts as a change: each of these nodes has got a Ready pod of the DaemonSet.
     */
    change(atMostMilliseconds: number, readyOn?: readonly string[]): Promise<void>;
    /** The issuer of the cluster's tokens, without `https://`. Undefined if it cannot be read without creating a token. */
    issuer(): Promise<string | undefined>;
    /** The nodes with a pod of the legacy VPC resource controller, which uses the role of its node. */
    resourceControllersOn(): Promise<readonly string[]>;
    /** A token of the service account for STS (TokenRequest, audience sts.amazonaws.com, the shortest lifetime). */
    requestToken(): Promise<string>;
    /** Requests a token for EKS Auth, bound to a pod. */
    requestPodToken(pod: Pick<PodSeen, "name" | "uid">): Promise<string>;
    /**
     * Sets these annotations of the service account by server-side apply under the component's field manager.
     *
     * The manager keeps its `pulumi.com/` control annotations, and releases every other annotation that it owned.
     */
    annotate(annotations: Readonly<Record<string, string>>, force: boolean): Promise<void>;
    /** Deletes a pod, if it still has this UID, and this resource version if there is one. Otherwise, or if it no longer exists, it is no error. */
    restart(pod: {
        readonly name: string;
        readonly uid: string;
        readonly resourceVersion?: string | undefined;
    }): Promise<void>;
    /** Deletes the pod without waiting for its kubelet (grace period 0), for a node that does not respond. */
    forceRestart(pod: { readonly name: string; readonly uid: string }): Promise<void>;
    /** Releases the component's fields of the DaemonSet, which removes the rollout annotation from the pod template. */
    releaseTemplate(): Promise<void>;
    /**
     * Excludes these containers of the pod template from the webhook, under a field manager of its own. None: releases that annotation.
     *
     * The DaemonSet's rolling update then restarts the pods.
     */
    skipContainers(containers: readonly string[]): Promise<void>;
    /** Removes the annotation that wakeDaemonSet has written. */
    removeWakeMark(): Promise<void>;
    /**
     * Releases the component's fields of a service account, including its `pulumi.com/` control annotations.
     *
     * The annotations of `leaving` stay, owned by another field manager. Without `account`, it is the service account of the subject.
     */
    releaseServiceAccount(leaving: Readonly<Record<string, string>>, account?: ServiceAccountName): Promise<void>;
    /** Removes the role annotation of the service account for every owner, by a merge patch. */
    removeRole(): Promise<void>;
    /** Releases the annotations that a hand-back has left under its own field manager. The value stays if another one owns it. */
    releaseLeft(): Promise<void>;
    /** Writes an annotation to the DaemonSet, so that its controller retries at once to create the pods that were refused. */
    wakeDaemonSet(): Promise<void>;
    /** Sets the roles that the injection guard's policy admits, under the component's field manager. Ignores a policy that is gone. */
    admitRoles(roleArns: readonly string[]): Promise<void>;
    /**
     * Creates the injection guard's policy and binding, or updates those that the component has applied. Refuses if another field manager has
     * created one of the same name.
     */
    createInjectionGuard(roleArns: readonly string[]): Promise<void>;
    /**
     * Tests with a dry run whether the API server admits a pod of the service account with this role, or without a role. Creates
     * nothing.
     */
    testAdmission(roleArn: string | undefined): Promise<Admission>;
    /** Deletes the injection guard's binding and policy, if they exist. */
    removeInjectionGuard(): Promise<void>;
    /** Ends open watches and stops retries. */
    close(): void;
}
