import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";

/**
 * Why a pod does not start, for a reason that its credentials have no part in: it is not scheduled, a container cannot be created, or ends for
 * want of memory or of a program. Undefined if there is none, or if its containers run: a plugin that cannot use its credentials runs, and its
 * liveness probe ends it (amazon-vpc-cni-k8s cmd/aws-vpc-cni/main.go, waitForIPAM).
 */
export function startProblem({ status }: V1Pod): string | undefined {
    const unscheduled = status?.conditions?.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
    if (unscheduled?.reason === "Unschedulable") {
        return `Unschedulable: ${unscheduled.message ?? ""}`.replace(/: $/, "");
    }
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    return containers.flatMap((container) => problemOf(container) ?? [])[0];
}

/**
 * The kubelet's reasons for a container that it cannot create: k8s.io/kubernetes pkg/kubelet/images/types.go and
 * pkg/kubelet/kuberuntime/kuberuntime_container.go
 */
const NOT_CREATED = [
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PostStartHookError",
];

/** The reasons of a container that ended for what the node or the image lacks. */
const ENDED = ["OOMKilled", "ContainerCannotRun", "StartError", "DeadlineExceeded"];

function problemOf({ name, state, lastState, ready }: V1ContainerStatus): string | undefined {
    if (ready) {
        return undefined;
    }
    const { reason: waiting = "", message: waitingFor } = state?.waiting ?? {};
    if (NOT_CREATED.includes(waiting)) {
        return `container ${name}: ${waiting}${waitingFor === undefined ? "" : `, ${waitingFor}`}`;
    }
    const { reason: ended = "" } = state?.terminated ?? lastState?.terminated ?? {};
    return ENDED.includes(ended) ? `container ${name}: ${ended}` : undefined;
}
