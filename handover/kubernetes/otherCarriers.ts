import type { V1DaemonSet, V1Pod } from "@kubernetes/client-node";
import { carriedRoles } from "../model/carriedRole";
import { credentialSource } from "../model/credentialSource";
import type { ServiceAccountName, Subject } from "../model/subject";
import type { OtherCarrier } from "../model/world";
import type { Cluster } from "./clusterClient";
import { isOwnedBy } from "./daemonSet";
import { listAll } from "./paging";
import { hasEnded } from "./pods";

/**
 * The pods that carry a role and do not belong to the DaemonSet: another DaemonSet may use the same service account, and the plugin may
 * have used another one before. The role must not be deleted while they carry it.
 *
 * The trust policy admits these service accounts alone, so pods of others cannot carry the role.
 */
export async function otherCarriers(
    cluster: Cluster,
    { serviceAccount, formerServiceAccounts = [] }: Subject,
    daemonSet: V1DaemonSet | undefined,
): Promise<OtherCarrier[]> {
    const accounts = [serviceAccount, ...formerServiceAccounts];
    const found = await Promise.all(accounts.map((account) => carriersOf(cluster, account, daemonSet)));
    return found.flat();
}

/** The labels leave out the DaemonSet's own pods, which the look lists anyway: a large cluster has thousands. */
async function carriersOf(
    cluster: Cluster,
    account: ServiceAccountName,
    daemonSet: V1DaemonSet | undefined,
): Promise<OtherCarrier[]> {
    const { namespace, name } = account;
    const fieldSelector = `spec.serviceAccountName=${name}`;
    const limit = cluster.settings.pageSize;
    const labelSelector = otherThan(daemonSet);
    const { kept } = await listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "pods", namespace },
                cluster.core.listNamespacedPod({ namespace, fieldSelector, labelSelector, limit, _continue }),
            ),
        (pod) =>
            isOwnedBy(pod.metadata?.ownerReferences, daemonSet?.metadata?.uid) ? undefined : carrier(pod, account),
    );
    return kept;
}

/** Only the selector of a single label has an opposite. Another DaemonSet cannot share it: their controllers would fight over the pods. */
function otherThan(daemonSet: V1DaemonSet | undefined): string | undefined {
    const { matchLabels = {}, matchExpressions = [] } = daemonSet?.spec?.selector ?? {};
    const [label, ...others] = Object.entries(matchLabels);
    return label === undefined || others.length > 0 || matchExpressions.length > 0 ? undefined : label.join("!=");
}

function carrier(pod: V1Pod, serviceAccount: ServiceAccountName): OtherCarrier | undefined {
    const { metadata, spec } = pod;
    const roleArns = carriedRoles({ credentials: credentialSource(spec ?? { containers: [] }) });
    const owner = metadata?.ownerReferences?.find((one) => one.controller === true && one.kind === "DaemonSet");
    return roleArns.length === 0 || hasEnded(pod)
        ? undefined
        : {
              name: metadata?.name ?? "",
              serviceAccount,
              daemonSet: owner?.name,
              roleArns,
          };
}
