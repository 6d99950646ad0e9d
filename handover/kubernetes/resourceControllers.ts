import type { Cluster } from "./clusterClient";
import { listAll } from "./paging";
import { hasEnded, nodeOf } from "./pods";

/**
 * The nodes with a pod of the VPC resource controller that once ran as a Deployment on Linux nodes, for pods on Windows. It is on the host network, so it
 * uses the role of its node. EKS runs it in the control plane now.
 *
 * Source: https://github.com/eksctl-io/eksctl/issues/2401 and the manifest that eksctl installed (vpcControllerResources)
 */
export async function resourceControllersOn(cluster: Cluster): Promise<string[]> {
    const namespace = "kube-system";
    const labelSelector = "app=vpc-resource-controller";
    const limit = cluster.settings.pageSize;
    const { kept } = await listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "pods", namespace },
                cluster.core.listNamespacedPod({ namespace, labelSelector, limit, _continue }),
            ),
        (pod) => (hasEnded(pod) ? undefined : nodeOf(pod)),
    );
    return [...new Set(kept)].sort();
}
