import type { Subject } from "../model/subject";
import type { Cluster } from "./clusterClient";
import { listPodsOf } from "./pods";
import { type PlacedPod, podOnNodeRole } from "./podsOnNodeRole";

/** The DaemonSet that EKS installs for the plugin. */
const DEFAULT = { namespace: "kube-system", daemonSet: "aws-node", labelSelector: "k8s-app=aws-node" };

/**
 * The pods of kube-system/aws-node that have no role of their own, and so use the permissions of their node's role.
 *
 * They are read only if another DaemonSet is handed over.
 */
export async function defaultPodsWithoutRole(cluster: Cluster, subject: Subject): Promise<PlacedPod[]> {
    const { namespace, daemonSet, labelSelector } = DEFAULT;
    if (subject.serviceAccount.namespace === namespace && subject.daemonSetName === daemonSet) {
        return [];
    }
    const { kept } = await listPodsOf(cluster, namespace, { labelSelector }, (pod) => {
        const found = podOnNodeRole(pod, subject);
        return found?.daemonSet.name === daemonSet ? found : undefined;
    });
    return kept;
}
