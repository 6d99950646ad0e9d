import type { V1ContainerStatus, V1Pod, V1PodStatus } from "@kubernetes/client-node";
import { strictEqual } from "node:assert/strict";
import { startProblem } from "../../../../handover/kubernetes/startProblem";

const status = (more: object, name = "aws-node"): V1ContainerStatus => ({
    name,
    ready: false,
    restartCount: 0,
    image: "cni",
    imageID: "",
    ...more,
});
const waiting = (reason: string, message?: string, name?: string) =>
    status({ state: { waiting: { reason, ...(message === undefined ? {} : { message }) } } }, name);
const ended = (reason: string, name?: string) => status({ state: { terminated: { reason, exitCode: 1 } } }, name);
const inContainers = (...containerStatuses: V1ContainerStatus[]): V1PodStatus => ({ containerStatuses });
const scheduled = (is: string, reason?: string, message?: string): V1PodStatus => ({
    conditions: [
        { type: "Initialized", status: "False", reason: "ContainersNotInitialized" },
        {
            type: "PodScheduled",
            status: is,
            ...(reason === undefined ? {} : { reason }),
            ...(message === undefined ? {} : { message }),
        },
    ],
});

/** A container that ended and runs since five minutes past, in a pod that is not Ready since then. */
const sinceReady = (unready: string): V1PodStatus => ({
    conditions: [{ type: "Ready", status: "False", lastTransitionTime: new Date(unready) }],
    containerStatuses: [
        status({
            restartCount: 3,
            state: { running: { startedAt: new Date("2026-01-01T00:05:00Z") } },
            lastState: { terminated: { reason: "Error", exitCode: 1 } },
        }),
    ],
});

/** Each has its own reason to be in the list: k8s.io/kubernetes pkg/kubelet/images/types.go, pkg/kubelet/kuberuntime. */
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
const ENDED = ["OOMKilled", "ContainerCannotRun", "StartError", "DeadlineExceeded"];

describe("Why a pod does not start", () => {
    const rows: [string, V1PodStatus | undefined, string | undefined][] = [
        ["is not known without a status", undefined, undefined],
        ["is not known without conditions and containers", {}, undefined],
        ["is none where its containers run", inContainers(status({ ready: true, state: { running: {} } })), undefined],
        [
            "is none where its containers run and are not ready, as with credentials that do not work",
            inContainers(status({ state: { running: {} } })),
            undefined,
        ],
        ["is none where it is being created", inContainers(waiting("ContainerCreating")), undefined],
        ["is none where it waits for its init containers", inContainers(waiting("PodInitializing")), undefined],
        [
            "is none where its liveness probe has ended it, as with credentials that do not work",
            inContainers(
                status({
                    state: { waiting: { reason: "CrashLoopBackOff" } },
                    lastState: { terminated: { reason: "Error", exitCode: 137 } },
                }),
            ),
            undefined,
        ],
        [
            "is what ended it before, where it waits to start again",
            inContainers(
                status({
                    state: { waiting: { reason: "CrashLoopBackOff" } },
                    lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } },
                }),
            ),
            "container aws-node: OOMKilled",
        ],
        [
            "is what ended it last, and nothing that ended it before that",
            inContainers(
                status({
                    state: { terminated: { reason: "Error", exitCode: 1 } },
                    lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } },
                }),
            ),
            "container aws-node: ended by itself with exit code 1",
        ],
        ...[0, 2, 137, 143].map((exitCode): [string, V1PodStatus, undefined] => [
            `is none where the kubelet ended it, as after a failed liveness probe (${String(exitCode)})`,
            inContainers(status({ lastState: { terminated: { reason: "Error", exitCode } } })),
            undefined,
        ]),
        [
            "is none of the node agent, which ends while the CNI's main process is down",
            inContainers(status({ lastState: { terminated: { reason: "Error", exitCode: 1 } } }, "aws-eks-nodeagent")),
            undefined,
        ],
        [
            "is none for a container that is ready, whatever ended it before",
            inContainers(status({ ready: true, lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } } })),
            undefined,
        ],
        ["is none if the pod was Ready since, and misses a probe now", sinceReady("2026-01-01T00:10:00Z"), undefined],
        [
            "is what ended it before, if the pod was not Ready since",
            sinceReady("2026-01-01T00:04:59Z"),
            "container aws-node: ended by itself with exit code 1",
        ],
        [
            "has the kubelet's message",
            inContainers(waiting("ErrImagePull", "no such image")),
            "container aws-node: ErrImagePull, no such image",
        ],
        [
            "is that of an init container first",
            {
                initContainerStatuses: [waiting("ImagePullBackOff", undefined, "aws-vpc-cni-init")],
                containerStatuses: [waiting("CreateContainerError")],
            },
            "container aws-vpc-cni-init: ImagePullBackOff",
        ],
        [
            "is that of the container that has one",
            inContainers(status({ ready: true }), ended("StartError", "aws-eks-nodeagent")),
            "container aws-eks-nodeagent: StartError",
        ],
        [
            "is that no node takes it, with the scheduler's message",
            scheduled("False", "Unschedulable", "0/3 nodes are available."),
            "Unschedulable: 0/3 nodes are available.",
        ],
        ["is that no node takes it, without a message", scheduled("False", "Unschedulable"), "Unschedulable"],
        ["is none while the scheduler waits for a gate", scheduled("False", "SchedulingGated", "gated"), undefined],
        ["is none once it is scheduled", scheduled("True", "Unschedulable"), undefined],
        ...NOT_CREATED.map((reason): [string, V1PodStatus, string] => [
            `is ${reason}: the container cannot be created`,
            inContainers(waiting(reason)),
            `container aws-node: ${reason}`,
        ]),
        ...ENDED.map((reason): [string, V1PodStatus, string] => [
            `is ${reason}: the container ended for what it lacks`,
            inContainers(ended(reason)),
            `container aws-node: ${reason}`,
        ]),
    ];
    for (const [what, of, expected] of rows) {
        it(what, () => {
            const pod: V1Pod = of === undefined ? {} : { status: of };
            strictEqual(startProblem(pod), expected);
        });
    }
});
