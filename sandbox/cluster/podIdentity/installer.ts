import { AppsV1Api } from "@kubernetes/client-node";
import type { AddOnInstaller } from "../../aws/eks/addOns/installer";
import { loadKubeconfig } from "../../kubeconfigs";
import { Client } from "../client";
import { podIdentityAgent, podIdentityAgentName } from "../manifests/podIdentityAgent";

/** Writes the DaemonSet of the Pod Identity agent, as EKS does for its add-on. It has no role and no configuration here. */
export class PodIdentityAgentInstaller implements AddOnInstaller {
    constructor(
        private readonly kubeconfigPath: string,
        private readonly region: string,
        private readonly clusterName: string,
    ) {}

    write(): Promise<void> {
        return new Client(this.kubeconfigPath).apply(podIdentityAgent(this.region, this.clusterName), "eks");
    }

    async remove(): Promise<void> {
        const apps = loadKubeconfig(this.kubeconfigPath).makeApiClient(AppsV1Api);
        const of = { name: podIdentityAgentName, namespace: "kube-system" };
        await apps.deleteNamespacedDaemonSet(of).catch((error: unknown) => {
            if ((error as { code?: number }).code !== 404) {
                throw error;
            }
        });
    }
}
