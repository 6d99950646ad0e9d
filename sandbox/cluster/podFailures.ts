/**
 * How a new pod of aws-node can fail for another reason than its credentials: it never starts, or its container ends at once.
 *
 * - `imagePull`: the image of the container aws-node cannot be pulled. Its init container and its other container run.
 * - `initImagePull`: the image of the init container cannot be pulled, so that no container starts. So it is on a node that has
 *   none of the images, and no way to the registry.
 * - `outOfMemory`: the kernel ends the container for lack of memory.
 * - `exit`: the container ends by itself with 1, as when the CNI's files cannot be written to the node (amazon-vpc-cni-k8s
 *   cmd/aws-vpc-cni/main.go, InstallBinaries).
 * - `unschedulable`: the scheduler finds no room on the node.
 */
export type PodFailure = ContainerFailure | "unschedulable";

/** The failures that the kubelet shows, of a pod that has its node. */
export type ContainerFailure = ImageFailure | Crash;
export type ImageFailure = "imagePull" | "initImagePull";
export type Crash = "outOfMemory" | "exit";

export const podFailures: readonly PodFailure[] = [
    "imagePull",
    "initImagePull",
    "outOfMemory",
    "exit",
    "unschedulable",
];

/**
 * The reason and the exit code of a container's end: containerd pkg/cri/server/helpers.go, oomExitReason and errorExitReason. The
 * kernel ends a process with SIGKILL (128 + 9).
 */
export const ends: Readonly<Record<Crash, { exitCode: number; reason: string }>> = {
    outOfMemory: { exitCode: 137, reason: "OOMKilled" },
    exit: { exitCode: 1, reason: "Error" },
};
