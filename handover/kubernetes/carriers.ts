import type { V1Pod } from "@kubernetes/client-node";
import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { type CarrierSeen, nextCarrier } from "../model/carrier";
import { credentialSource } from "../model/credentialSource";
import type { ServiceAccountName } from "../model/subject";
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

/** The next pod of a service account, if its annotation gives pods a role: it carries the role as soon as it is created. */
export async function nextCarriers(cluster: Cluster, { namespace, name }: ServiceAccountName): Promise<CarrierSeen[]> {
    const { items } = await cluster.call(
        { verb: "list", resource: "serviceaccounts", namespace, name },
        cluster.core.listNamespacedServiceAccount({ namespace, fieldSelector: `metadata.name=${name}` }),
    );
    return items.flatMap(({ metadata }) => {
        const { [ROLE_ARN_ANNOTATION]: roleArn } = metadata?.annotations ?? {};
        return roleArn === undefined ? [] : [nextCarrier({ namespace, name }, roleArn)];
    });
}
