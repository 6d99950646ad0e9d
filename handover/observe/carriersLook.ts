import { listCarriers, nextCarriers } from "../kubernetes/carriers";
import { connect } from "../kubernetes/clusterClient";
import { DEFAULT_SETTINGS, IMPATIENT_SETTINGS } from "../kubernetes/clusterSettings";
import { discoveredIssuer } from "../kubernetes/discoveredIssuer";
import type { CarrierSeen } from "../model/carrier";
import type { ClusterConnection } from "../model/connection";
import type { ServiceAccountName } from "../model/subject";

/** The pods that may carry a role, and the issuer of their tokens if it can be read. */
export interface CarriersSeen {
    readonly pods: readonly CarrierSeen[];
    readonly issuer: string | undefined;
}

/**
 * Looks at all pods of these namespaces, and at the annotations of these service accounts.
 *
 * @param impatient Whether to fail early rather than retry for long, as a preview does.
 */
export async function lookAtCarriers(
    connection: ClusterConnection,
    namespaces: readonly string[],
    impatient: boolean,
    accounts: readonly ServiceAccountName[],
): Promise<CarriersSeen> {
    const closing = new AbortController();
    try {
        const cluster = await connect(connection, impatient ? IMPATIENT_SETTINGS : DEFAULT_SETTINGS, closing.signal);
        const pods = await Promise.all([
            ...namespaces.map((namespace) => listCarriers(cluster, namespace)),
            ...accounts.map((account) => nextCarriers(cluster, account)),
        ]);
        return { pods: pods.flat(), issuer: await discoveredIssuer(cluster) };
    } finally {
        closing.abort();
    }
}
