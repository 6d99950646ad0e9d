import type { V1DaemonSet, V1Pod } from "@kubernetes/client-node";
import { credentialSource } from "../model/credentialSource";
import type { PodSeen } from "../model/world";
import type { Cluster } from "./clusterClient";
import type { ClusterClock } from "./clusterClock";
import { imagesOf, isOwnedBy, labelSelector, REVISION_LABEL } from "./daemonSet";
import type { Complaint } from "./events";
import { listAll, type Listed } from "./paging";
import { startProblem } from "./startProblem";

/** Facts that a look reads before it reads the pods. */
export interface PodContext {
    readonly currentHash: string | undefined;
    /** The newest MissingIAMPermissions event, by pod UID. */
    readonly missingPermissions: ReadonlyMap<string, Complaint>;
    readonly clock: ClusterClock;
}

/** The pods that match a DaemonSet's selector. */
export interface PodsListed<Other> extends Listed<PodSeen> {
    /** Those that it does not own, as far as they were kept. */
    readonly others: Other[];
}

/** The pods of a namespace that the selectors choose. */
export function listPodsOf<Kept>(
    cluster: Cluster,
    namespace: string,
    selectors: { readonly labelSelector?: string | undefined; readonly fieldSelector?: string },
    keep: (pod: V1Pod) => Kept | undefined,
): Promise<Listed<Kept>> {
    const limit = cluster.settings.pageSize;
    return listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "pods", namespace },
                cluster.core.listNamespacedPod({ namespace, ...selectors, limit, _continue }),
            ),
        keep,
    );
}

/** @param keepOther Returns undefined for a pod of another owner that is not kept. */
export async function listPods<Other>(
    cluster: Cluster,
    daemonSet: V1DaemonSet,
    context: PodContext,
    keepOther: (pod: V1Pod) => Other | undefined,
): Promise<PodsListed<Other>> {
    const namespace = daemonSet.metadata?.namespace ?? "";
    const { kept, resourceVersion } = await listPodsOf(
        cluster,
        namespace,
        { labelSelector: labelSelector(daemonSet.spec?.selector ?? {}) },
        (pod): { own?: PodSeen; other?: Other | undefined } =>
            isOwnedBy(pod.metadata?.ownerReferences, daemonSet.metadata?.uid)
                ? { own: podSeen(pod, context) }
                : { other: keepOther(pod) },
    );
    return {
        kept: kept.flatMap(({ own }) => own ?? []),
        others: kept.flatMap(({ other }) => other ?? []),
        resourceVersion,
    };
}

/**
 * The kubelet sets `lastTransitionTime` only when the status of the condition changes, however often it writes the condition: k8s.io/kubernetes
 * pkg/kubelet/status/status_manager.go, updateLastTransitionTime. So a pod that was never Ready has the time at which the kubelet first saw it,
 * and a pod that is no longer Ready has the time of its last failed probe.
 */
export function podSeen(pod: V1Pod, { currentHash, missingPermissions, clock }: PodContext): PodSeen {
    const { name = "", uid = "", resourceVersion, creationTimestamp, deletionTimestamp, labels } = pod.metadata ?? {};
    const readiness = pod.status?.conditions?.find(({ type }) => type === "Ready");
    const ready = readiness?.status === "True";
    const since = readiness?.lastTransitionTime;
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    const complaint = missingPermissions.get(uid);
    const current = currentHash !== undefined && labels?.[REVISION_LABEL] === currentHash;
    const problem = ready ? undefined : startProblem(pod);
    return {
        name,
        uid,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        node: nodeOf(pod),
        ready,
        createdAt: creationTimestamp ? clock.here(creationTimestamp) : 0,
        readySince: ready && since ? clock.here(since) : undefined,
        unreadySince: !ready && since ? clock.here(since) : undefined,
        terminating: deletionTimestamp !== undefined,
        current,
        ...(current ? {} : { images: imagesOf(pod.spec) }),
        credentials: credentialSource(pod.spec ?? { containers: [] }),
        missingPermissions: complaint?.message,
        ...(complaint === undefined
            ? {}
            : { missingPermissionsAt: complaint.at, missingPermissionsCount: complaint.count }),
        restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
        ...(problem === undefined ? {} : { startProblem: problem }),
    };
}

/** A pod that has ended makes no calls any more. */
export function hasEnded({ status }: V1Pod): boolean {
    return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Like GetTargetNodeName in pkg/controller/daemon/util/daemonset_util.go. */
export function nodeOf({ spec }: V1Pod): string {
    if (spec?.nodeName) {
        return spec.nodeName;
    }
    const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
    const byName = terms
        .flatMap(({ matchFields = [] }) => matchFields)
        .find(({ key, operator }) => key === "metadata.name" && operator === "In");
    return byName?.values?.[0] ?? "";
}
