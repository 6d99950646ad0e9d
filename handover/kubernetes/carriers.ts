import type { CarrierSeen } from "../model/carrier";
import { credentialSource } from "../model/credentialSource";
import type { Cluster } from "./clusterClient";
import { listAll } from "./paging";

/** The pods of a namespace that have not ended, whatever owns them: not only the DaemonSet's pods can carry the role. */
export async function listCarriers(cluster: Cluster, namespace: string): Promise<CarrierSeen[]> {
    const limit = cluster.settings.pageSize;
    const { kept } = await listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "pods", namespace },
                cluster.core.listNamespacedPod({ namespace, limit, _continue }),
            ),
        ({ metadata, spec, status }) =>
            status?.phase === "Succeeded" || status?.phase === "Failed"
                ? undefined
                : {
                      name: metadata?.name ?? "",
                      namespace,
                      // The API server fills in `default`.
                      serviceAccount: spec?.serviceAccountName ?? "default",
                      credentials: credentialSource(spec ?? { containers: [] }),
                  },
    );
    return kept;
}
