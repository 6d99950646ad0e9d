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
    const unready = status?.conditions?.find(({ type, status: is }) => type === "Ready" && is === "False");
    const wasReady = ({ state }: V1ContainerStatus) => isAfter(unready?.lastTransitionTime, state?.running?.startedAt);
    return containers.filter((container) => !wasReady(container)).flatMap((one) => problemOf(one) ?? [])[0];
}

/** Whether a pod was Ready after its container had started: it misses a probe now, and how the container ended before has no part in that. */
function isAfter(unready: Date | undefined, started: Date | undefined): boolean {
    return unready !== undefined && started !== undefined && new Date(unready) > new Date(started);
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

/**
 * The exit codes of a container that the kubelet ends, as it does after a failed liveness probe: SIGTERM ends a Go program without a handler
 * with 2 (runtime/signal_unix.go), and any other with 128 + 15. SIGKILL is 128 + 9.
 */
const ENDED_BY_KUBELET = [0, 2, 137, 143];

/** It ends by itself while the CNI's main process is down: https://github.com/aws/amazon-vpc-cni-k8s/issues/3224 */
const FOLLOWER = "aws-eks-nodeagent";

function problemOf({ name, state, lastState, ready }: V1ContainerStatus): string | undefined {
    if (ready) {
        return undefined;
    }
    const { reason: waiting = "", message: waitingFor } = state?.waiting ?? {};
    if (NOT_CREATED.includes(waiting)) {
        return `container ${name}: ${waiting}${waitingFor === undefined ? "" : `, ${waitingFor}`}`;
    }
    const { reason: ended = "", exitCode = 0 } = state?.terminated ?? lastState?.terminated ?? {};
    if (ENDED.includes(ended)) {
        return `container ${name}: ${ended}`;
    }
    return name === FOLLOWER || ENDED_BY_KUBELET.includes(exitCode)
        ? undefined
        : `container ${name}: ended by itself with exit code ${String(exitCode)}`;
}
