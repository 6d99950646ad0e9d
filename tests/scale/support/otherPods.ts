import { AppsV1Api } from "@kubernetes/client-node";
import { setTimeout as sleep } from "timers/promises";
import { loadKubeconfig } from "local-eks/kubernetes";

const NAMESPACE = "kube-system";
const name = "other";

/** Creates other pods in the namespace and on the nodes of aws-node. Resolves when all are Ready. */
export async function addOtherPods(kubeconfigPath: string, replicas: number): Promise<void> {
    const apps = loadKubeconfig(kubeconfigPath).makeApiClient(AppsV1Api);
    const labels = { app: name };
    await apps.createNamespacedReplicaSet({
        namespace: NAMESPACE,
        body: {
            metadata: { name },
            spec: {
                replicas,
                selector: { matchLabels: labels },
                template: {
                    metadata: { labels },
                    spec: { containers: [{ name, image: "registry.k8s.io/pause:3.10" }] },
                },
            },
        },
    });
    for (;;) {
        const { status } = await apps.readNamespacedReplicaSet({ namespace: NAMESPACE, name });
        if (status?.readyReplicas === replicas) {
            return;
        }
        await sleep(1000);
    }
}
