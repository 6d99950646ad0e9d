import type { Cluster } from "./clusterClient";
import { StatusError } from "./clusterErrors";

interface PodReference {
    readonly name: string;
    readonly uid: string;
    /** Undefined: the pod may have changed. */
    readonly resourceVersion?: string | undefined;
}

/**
 * Deletes a pod if it still has the same UID, and the same resource version if there is one. It is a success if the pod no longer exists (404), was
 * replaced, or has changed (409). https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/ ("preconditions")
 *
 * All options are in the body: the API server reads `gracePeriodSeconds` from the query only if there is no body.
 * https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/handlers/delete.go
 */
export async function deletePod(cluster: Cluster, namespace: string, pod: PodReference, grace?: 0): Promise<void> {
    const { name, uid, resourceVersion } = pod;
    const preconditions = { uid, ...(resourceVersion !== undefined && { resourceVersion }) };
    try {
        await cluster.call(
            { verb: "delete", resource: "pods", namespace, name },
            cluster.core.deleteNamespacedPod({
                name,
                namespace,
                body: { preconditions, ...(grace !== undefined && { gracePeriodSeconds: grace }) },
            }),
        );
    } catch (error) {
        if (!(error instanceof StatusError && error.status !== 410)) {
            throw error;
        }
    }
}
