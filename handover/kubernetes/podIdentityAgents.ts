import type { Subject } from "../model/subject";
import type { Cluster } from "./clusterClient";
import { listAll } from "./paging";
import { nodeOf } from "./pods";

/** The pods of the add-on: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html */
const AGENT = { namespace: "kube-system", labelSelector: "app.kubernetes.io/name=eks-pod-identity-agent" };

/** The nodes with a Ready pod of the EKS Pod Identity Agent. Undefined if the run does not depend on it. */
export async function agentsReadyOn(
    cluster: Cluster,
    { delivery }: Pick<Subject, "delivery">,
): Promise<string[] | undefined> {
    if (delivery !== "podIdentity") {
        return undefined;
    }
    const { namespace, labelSelector } = AGENT;
    const limit = cluster.settings.pageSize;
    const { kept } = await listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "pods", namespace },
                cluster.core.listNamespacedPod({ namespace, labelSelector, limit, _continue }),
            ),
        (pod) =>
            pod.metadata?.deletionTimestamp === undefined &&
            pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
                ? nodeOf(pod)
                : undefined,
    );
    return [...new Set(kept)].sort();
}
