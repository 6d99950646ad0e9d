import type { Cluster } from "./clusterClient";
import { Declined } from "./clusterErrors";

interface Victim {
    readonly name: string;
    readonly uid: string;
}

/**
 * Deletes a pod if it is still the same; one that is gone (404), or another of its name (409), is what was wanted.
 *
 * Everything stands in the body: the API server reads the query's `gracePeriodSeconds` only where there is none.
 * https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/handlers/delete.go
 */
export async function deletePod(cluster: Cluster, namespace: string, pod: Victim, grace?: 0): Promise<void> {
    const { name, uid } = pod;
    try {
        await cluster.ask(
            { verb: "delete", resource: "pods", namespace, name },
            cluster.core.deleteNamespacedPod({
                name,
                namespace,
                body: { preconditions: { uid }, ...(grace !== undefined && { gracePeriodSeconds: grace }) },
            }),
        );
    } catch (error) {
        if (!(error instanceof Declined && error.status !== 410)) {
            throw error;
        }
    }
}
