import type { V1OwnerReference } from "@kubernetes/client-node";
import { credentialSource } from "../model/credentialSource";
import type { Subject } from "../model/subject";
import type { Cluster } from "./clusterClient";
import { listAll } from "./paging";
import { nodeOf } from "./pods";

/** The DaemonSet that EKS installs for the plugin. */
const DEFAULT = { namespace: "kube-system", daemonSet: "aws-node", labelSelector: "k8s-app=aws-node" };

export interface DefaultPod {
    readonly name: string;
    readonly node: string;
}

/**
 * The pods of kube-system/aws-node that have no role of their own, and so use the permissions of their node's role.
 *
 * They are read only if another DaemonSet is handed over.
 */
export async function defaultPodsWithoutRole(
    cluster: Cluster,
    { serviceAccount, daemonSetName }: Subject,
): Promise<DefaultPod[]> {
    const { namespace, daemonSet, labelSelector } = DEFAULT;
    if (serviceAccount.namespace === namespace && daemonSetName === daemonSet) {
        return [];
    }
    const limit = cluster.settings.pageSize;
    const { kept } = await listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "pods", namespace },
                cluster.core.listNamespacedPod({ namespace, labelSelector, limit, _continue }),
            ),
        (pod) => {
            const { name = "", ownerReferences = [], deletionTimestamp } = pod.metadata ?? {};
            const { kind } = credentialSource(pod.spec ?? { containers: [] });
            const usesNodeRole = kind === "nodeRole" || kind === "incomplete";
            return ownerReferences.some((owner) => isDaemonSet(owner, daemonSet)) && usesNodeRole && !deletionTimestamp
                ? { name, node: nodeOf(pod) }
                : undefined;
        },
    );
    return kept;
}

function isDaemonSet({ kind, name, controller }: V1OwnerReference, wanted: string): boolean {
    return controller === true && kind === "DaemonSet" && name === wanted;
}
