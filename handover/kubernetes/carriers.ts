import type { V1Pod } from "@kubernetes/client-node";
import type { CarrierSeen } from "../model/carrier";
import { credentialSource } from "../model/credentialSource";
import type { Cluster } from "./clusterClient";
import { listAll } from "./paging";
import { hasEnded } from "./pods";

/** The pods of a namespace that have not ended, whatever owns them: not only the DaemonSet's pods can carry the role. */
export async function listCarriers(cluster: Cluster, namespace: string): Promise<CarrierSeen[]> {
    const limit = cluster.settings.pageSize;
    const { kept } = await listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "pods", namespace },
                cluster.core.listNamespacedPod({ namespace, limit, _continue }),
            ),
        (pod) => (hasEnded(pod) ? undefined : carrierSeen(pod, namespace)),
    );
    return kept;
}

function carrierSeen({ metadata, spec }: V1Pod, namespace: string): CarrierSeen {
    return {
        name: metadata?.name ?? "",
        namespace,
        // The API server fills in `default`.
        serviceAccount: spec?.serviceAccountName ?? "default",
        credentials: credentialSource(spec ?? { containers: [] }),
    };
}
