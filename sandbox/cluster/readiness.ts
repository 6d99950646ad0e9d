import type { CoreV1Api, V1ContainerState, V1Node, V1Pod } from "@kubernetes/client-node";
import { backOffSeconds } from "./containerLife";

interface WithConditions {
    status?: {
        conditions?: { type: string; status: string; lastTransitionTime?: Date; reason?: string; message?: string }[];
    };
}

type Condition = Readonly<{ type: string; status: "True" | "False" | "Unknown"; reason?: string; message?: string }>;

export function isReady({ status }: WithConditions): boolean {
    return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
}

/**
 * The transition time stays while the status does, as with the kubelet and the node controller: k8s.io/kubernetes
 * pkg/kubelet/status/status_manager.go, updateLastTransitionTime, and pkg/api/v1/pod/util.go, UpdatePodCondition.
 */
function setConditions({ status }: WithConditions, ...conditions: Condition[]): void {
    const types = conditions.map(({ type }) => type);
    const before = status?.conditions ?? [];
    const now = new Date();
    const changed = conditions.map((condition) => {
        const same = before.find(({ type, status: value }) => type === condition.type && value === condition.status);
        return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? now };
    });
    Object.assign(status ?? {}, { conditions: [...before.filter(({ type }) => !types.includes(type)), ...changed] });
}

/** The kubelet's write when the readiness probes of a pod's containers succeed. */
export async function makePodReady(core: CoreV1Api, pod: V1Pod): Promise<void> {
    setConditions(pod, { type: "Ready", status: "True" }, { type: "ContainersReady", status: "True" });
    pod.status?.containerStatuses?.forEach((container) => (container.ready = true));
    await replacePodStatus(core, pod);
}

/**
 * The kubelet's writes after its liveness probe has killed a container: it waits, or runs again. The message is that of
 * k8s.io/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go, doBackOff.
 */
export async function makeContainerWait(core: CoreV1Api, pod: V1Pod, name: string, restarts: number): Promise<void> {
    const { name: podName = "", namespace = "", uid = "" } = pod.metadata ?? {};
    const pause = goDuration(backOffSeconds(restarts));
    const message = `back-off ${pause} restarting failed container=${name} pod=${podName}_${namespace}(${uid})`;
    setContainer(pod, name, restarts, { waiting: { reason: "CrashLoopBackOff", message } });
    await replacePodStatus(core, pod);
}

export async function makeContainerRestarted(
    core: CoreV1Api,
    pod: V1Pod,
    name: string,
    restarts: number,
): Promise<void> {
    setContainer(pod, name, restarts, { running: { startedAt: new Date() } });
    await replacePodStatus(core, pod);
}

/** As Go writes durations: 40s, 1m20s, 5m0s. */
function goDuration(seconds: number): string {
    return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/**
 * The exit code of aws-node at the kubelet's SIGTERM. Its process 1 is a Go program that handles no signals (amazon-vpc-cni-k8s
 * cmd/aws-vpc-cni/main.go). Go's runtime raises the signal once more, which the kernel ignores for process 1 of a PID namespace,
 * and then exits (golang/go src/runtime/signal_unix.go, dieFromSignal). The reason is that of any exit code but 0 (containerd
 * pkg/cri/server/helpers.go, errorExitReason).
 */
const killed = { exitCode: 2, reason: "Error" };

function setContainer(pod: V1Pod, name: string, restartCount: number, state: V1ContainerState): void {
    const status = pod.status?.containerStatuses?.find((container) => container.name === name);
    if (status === undefined) {
        throw new Error(`the pod ${pod.metadata?.name ?? ""} has no status of its container ${name}`);
    }
    const finishedAt = new Date();
    const terminated = { ...killed, startedAt: status.state?.running?.startedAt, finishedAt };
    Object.assign(status, {
        ready: false,
        started: "running" in state,
        restartCount,
        state,
        lastState: status.state?.running ? { terminated } : status.lastState,
    });
}

/**
 * The node controller's write to the pods of an unreachable node: k8s.io/kubernetes
 * pkg/controller/util/node/controller_utils.go, MarkPodsNotReady.
 */
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

/**
 * The node controller's write when a node's kubelet stops reporting: k8s.io/kubernetes
 * pkg/controller/nodelifecycle/node_lifecycle_controller.go, tryUpdateNodeHealth.
 */
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
