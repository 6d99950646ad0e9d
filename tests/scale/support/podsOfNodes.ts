import { CoreV1Api, makeInformer, type V1Pod } from "@kubernetes/client-node";
import { setTimeout as sleep } from "timers/promises";
import { loadKubeconfig } from "local-eks/kubernetes";

const NAMESPACE = "kube-system";
const LABELS = "k8s-app=aws-node";

/** The UIDs of the pods of aws-node that each node has had since the watch began. */
export interface PodsOfNodes {
    readonly uids: ReadonlyMap<string, ReadonlySet<string>>;
    stop(): Promise<void>;
}

export async function watchPodsOfNodes(kubeconfigPath: string): Promise<PodsOfNodes> {
    const kubeconfig = loadKubeconfig(kubeconfigPath);
    const core = kubeconfig.makeApiClient(CoreV1Api);
    const list = () => core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: LABELS });
    const informer = makeInformer(kubeconfig, `/api/v1/namespaces/${NAMESPACE}/pods`, list, LABELS);
    const uids = new Map<string, Set<string>>();
    const state = { stopped: false };
    const note = ({ spec, metadata }: V1Pod) => {
        // The pods of a DaemonSet have no node until they are scheduled.
        if (spec?.nodeName !== undefined && metadata?.uid !== undefined) {
            uids.set(spec.nodeName, (uids.get(spec.nodeName) ?? new Set()).add(metadata.uid));
        }
    };
    informer.on("add", note);
    informer.on("update", note);
    informer.on("error", () => {
        // It begins again with a list, in which a pod is only missing if it came and went within this second.
        void sleep(1000).then(() => (state.stopped ? undefined : informer.start()));
    });
    await informer.start();
    return {
        uids,
        stop: async () => {
            state.stopped = true;
            await informer.stop();
        },
    };
}
