import type { V1DaemonSet } from "@kubernetes/client-node";
import type { Manifest, Plain } from "./plain";

const labels = { "k8s-app": "kube-proxy" };

/** A second DaemonSet of every EKS cluster, independent of the CNI: programs that change the CNI must not touch it. */
export function kubeProxy(region: string): Manifest[] {
    const daemonSet: Plain<V1DaemonSet> = {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata: { name: "kube-proxy", namespace: "kube-system", labels },
        spec: {
            selector: { matchLabels: labels },
            updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
            template: {
                metadata: { labels },
                spec: {
                    priorityClassName: "system-node-critical",
                    serviceAccountName: "kube-proxy",
                    hostNetwork: true,
                    tolerations: [{ operator: "Exists" }],
                    containers: [
                        {
                            name: "kube-proxy",
                            image: `602401143452.dkr.ecr.${region}.amazonaws.com/eks/kube-proxy:v1.34.0`,
                            command: ["kube-proxy"],
                        },
                    ],
                },
            },
        },
    };
    return [
        {
            apiVersion: "v1",
            kind: "ServiceAccount",
            metadata: { name: "kube-proxy", namespace: "kube-system", labels },
        },
        daemonSet,
    ];
}
