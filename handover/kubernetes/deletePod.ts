import type { Cluster } from "./clusterClient";
import { StatusError } from "./clusterErrors";

interface PodReference {
    readonly name: string;
    readonly uid: string;
}

/**
 * Deletes a pod if it still has the same UID. It is a success if the pod no longer exists (404), or was replaced (409).
 *
 * All options are in the body: the API server reads `gracePeriodSeconds` from the query only if there is no body.
 * https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/handlers/delete.go
 */
export async function deletePod(cluster: Cluster, namespace: string, pod: PodReference, grace?: 0): Promise<void> {
    const { name, uid } = pod;
    try {
        await cluster.call(
            { verb: "delete", resource: "pods", namespace, name },
            cluster.core.deleteNamespacedPod({
                name,
                namespace,
                body: { preconditions: { uid }, ...(grace !== undefined && { gracePeriodSeconds: grace }) },
            }),
        );
    } catch (error) {
        if (!(error instanceof StatusError && error.status !== 410)) {
            throw error;
        }
    }
}
