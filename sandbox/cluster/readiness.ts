import type { CoreV1Api, V1Node, V1Pod } from "@kubernetes/client-node";

interface WithConditions {
    status?: {
        conditions?: { type: string; status: string; lastTransitionTime?: Date; reason?: string; message?: string }[];
    };
}

type Condition = Readonly<{ type: string; status: "True" | "False" | "Unknown"; reason?: string; message?: string }>;

export function isReady({ status }: WithConditions): boolean {
    return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
}

function setConditions({ status }: WithConditions, ...conditions: Condition[]): void {
    const types = conditions.map(({ type }) => type);
    const others = status?.conditions?.filter(({ type }) => !types.includes(type)) ?? [];
    const lastTransitionTime = new Date();
    Object.assign(status ?? {}, {
        conditions: [...others, ...conditions.map((condition) => ({ ...condition, lastTransitionTime }))],
    });
}

/** The kubelet's write when the readiness probes of a pod's containers succeed. */
export async function makePodReady(core: CoreV1Api, pod: V1Pod): Promise<void> {
    setConditions(pod, { type: "Ready", status: "True" }, { type: "ContainersReady", status: "True" });
    pod.status?.containerStatuses?.forEach((container) => (container.ready = true));
    await replacePodStatus(core, pod);
}

/** The node controller's write to the pods of an unreachable node (MarkPodsNotReady). */
export async function makePodUnready(core: CoreV1Api, pod: V1Pod): Promise<void> {
    setConditions(pod, { type: "Ready", status: "False" });
    await replacePodStatus(core, pod);
}

async function replacePodStatus(core: CoreV1Api, pod: V1Pod): Promise<void> {
    const { name = "", namespace = "" } = pod.metadata ?? {};
    await core.replaceNamespacedPodStatus({ name, namespace, body: pod });
}

export async function makeNodeReady(core: CoreV1Api, node: V1Node): Promise<void> {
    setConditions(node, {
        type: "Ready",
        status: "True",
        reason: "KubeletReady",
        message: "kubelet is posting ready status",
    });
    await core.replaceNodeStatus({ name: node.metadata?.name ?? "", body: node });
}

/** The node controller's write when a node's kubelet stops reporting; k8s.io/kubernetes pkg/controller/nodelifecycle */
export async function makeNodeUnknown(core: CoreV1Api, node: V1Node): Promise<void> {
    const message = "Kubelet stopped posting node status.";
    setConditions(node, { type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", message });
    await core.replaceNodeStatus({ name: node.metadata?.name ?? "", body: node });
}

/** Retries with the present object when another writer has changed it meanwhile (409). */
export async function retryConflict(write: () => Promise<void>, attempts = 5): Promise<void> {
    for (let attempt = 1; ; attempt++) {
        try {
            await write();
            return;
        } catch (error) {
            if (attempt >= attempts || (error as { code?: number }).code !== 409) {
                throw error;
            }
        }
    }
}
