import type { Cluster } from "./clusterClient";
import { hasEnded, listPodsOf, nodeOf } from "./pods";

/**
 * The nodes with a pod of the VPC resource controller that once ran as a Deployment on Linux nodes, for pods on Windows. It is on the host network, so it
 * uses the role of its node. EKS runs it in the control plane now.
 *
 * Source: https://github.com/eksctl-io/eksctl/issues/2401 and the manifest that eksctl installed (vpcControllerResources)
 */
export async function resourceControllersOn(cluster: Cluster): Promise<string[]> {
    const selector = { labelSelector: "app=vpc-resource-controller" };
    const { kept } = await listPodsOf(cluster, "kube-system", selector, (pod) =>
        hasEnded(pod) ? undefined : nodeOf(pod),
    );
    return [...new Set(kept)].sort();
}
