import { credentialSource } from "../model/credentialSource";
import type { Cluster } from "./clusterClient";
import { hasEnded, listPodsOf, nodeOf } from "./pods";

/**
 * The nodes with a pod of the VPC resource controller that once ran as a Deployment on Linux nodes, for pods on Windows. It is on the host network, so it
 * uses the role of its node, unless it has a role of its own. EKS runs it in the control plane now.
 *
 * Source: https://github.com/eksctl-io/eksctl/blob/01f9df54d8dab0c79adc591c821bc2028aedde2e/pkg/addons/vpc_controller.go (deployVPCResourceController) and
 * pkg/addons/assets/vpc-resource-controller-dep.yaml
 */
export async function resourceControllersOn(cluster: Cluster): Promise<string[]> {
    const selector = { labelSelector: "app=vpc-resource-controller" };
    const { kept } = await listPodsOf(cluster, "kube-system", selector, (pod) => {
        const { kind } = credentialSource(pod.spec ?? { containers: [] });
        return hasEnded(pod) || kind !== "nodeRole" ? undefined : nodeOf(pod);
    });
    return [...new Set(kept)].sort();
}
