/** The statuses of pods that a kubelet writes, as templates of kwok: https://kwok.sigs.k8s.io/docs/user/stages-configuration/ */
import { backOff } from "./containerLife";
import { type Crash, ends, type ImageFailure } from "./podFailures";

const now = "{{ $now | Quote }}";

/**
 * A patch merges conditions, so that those without a reason clear the former one. The transition time stays while the status does:
 * k8s.io/kubernetes pkg/kubelet/status/status_manager.go, updateLastTransitionTime.
 */
const condition = (type: string, isTrue: boolean, reason = "", message = "") => {
    const status = isTrue ? "True" : "False";
    return `{{ $since := $now }}
{{ range .status.conditions }}{{ if and (eq .type "${type}") (eq .status "${status}") }}{{ $since = .lastTransitionTime }}{{ end }}{{ end }}
- { type: ${type}, status: "${status}", lastTransitionTime: {{ $since | Quote }}, reason: "${reason}", message: "${message}" }`;
};

/** k8s.io/kubernetes pkg/kubelet/status/generate.go, ContainersNotReady and ContainersNotInitialized. */
function conditions(unready: string | undefined, uninitialized?: string): string {
    const ready = (type: string) =>
        unready === undefined
            ? condition(type, true)
            : condition(type, false, "ContainersNotReady", `containers with unready status: [${unready}]`);
    return [
        "conditions:",
        condition("PodReadyToStartContainers", true),
        uninitialized === undefined
            ? condition("Initialized", true)
            : condition(
                  "Initialized",
                  false,
                  "ContainersNotInitialized",
                  `containers with incomplete status: [${uninitialized}]`,
              ),
        condition("PodScheduled", true),
        ready("Ready"),
        ready("ContainersReady"),
    ].join("\n");
}

const head = (phase: string) => `
{{ $now := Now }}
phase: ${phase}
startTime: {{ or .status.startTime $now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}`;

/** The mark of a pod whose containers run: the stages start each pod that has none. On a real node it comes earlier. */
const address = `podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}`;

/** The statuses of all containers. In the body, `$was` is the former status of the container. */
const statuses = (kind: "containers" | "initContainers", body: string) => {
    const field = kind === "containers" ? "containerStatuses" : "initContainerStatuses";
    return `
{{ $old := .status.${field} }}
${field}:
{{ range .spec.${kind} }}
{{ $name := .name }}{{ $was := dict }}
{{ range $old }}{{ if eq .name $name }}{{ $was = . }}{{ end }}{{ end }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
${body}
{{ end }}`;
};

const awsNodeOr = (awsNode: string, other: string) =>
    `{{ if eq .name "aws-node" }}${awsNode}{{ else }}${other}{{ end }}`;

const initialized = statuses(
    "initContainers",
    `
  ready: true
  restartCount: 0
  started: false
  state: { terminated: { exitCode: 0, reason: Completed, startedAt: ${now}, finishedAt: ${now} } }`,
);

/** Running, for the first time or after an end. */
const running = (ready: boolean) => `
  ready: ${ready}
  {{ $end := dig "state" "terminated" (dig "lastState" "terminated" dict $was) $was }}
  restartCount: {{ if $end }}{{ add $was.restartCount 1 }}{{ else }}0{{ end }}
  {{ if $end }}lastState: { terminated: {{ toJson $end }} }{{ end }}
  started: true
  state: { running: { startedAt: ${now} } }`;

const waiting = (reason: string, message: string) => `
  ready: false
  restartCount: 0
  started: false
  state: { waiting: { reason: ${reason}${message && `, message: ${message}`} } }`;

/** All containers run. Those of aws-node other than aws-node itself have no readiness probe, so that they are Ready at once. */
export const podRunning = `${head("Running")}
${address}
${conditions(undefined)}
${initialized}
${statuses("containers", running(true))}
`;

/** The containers run, and the readiness probe of aws-node has not succeeded. */
export const awsNodeStarting = `${head("Running")}
${address}
${conditions("aws-node")}
${initialized}
${statuses("containers", awsNodeOr(running(false), running(true)))}
`;

const pullError =
    'failed to pull and unpack image \\"{{ .image }}\\": failed to resolve reference \\"{{ .image }}\\": dial tcp: i/o timeout';

/** k8s.io/kubernetes pkg/kubelet/images/image_manager.go, pullImage. */
const pullMessage = {
    ErrImagePull: `"${pullError}"`,
    ImagePullBackOff: `"Back-off pulling image \\"{{ .image }}\\": ErrImagePull: ${pullError}"`,
};

/** The pod is Pending while a container waits for the first time: k8s.io/kubernetes pkg/kubelet/kubelet_pods.go, getPhase. */
export function imageMissing(failure: ImageFailure, reason: keyof typeof pullMessage): string {
    const lacking = waiting(reason, pullMessage[reason]);
    return failure === "imagePull"
        ? `${head("Pending")}
${conditions("aws-node")}
${initialized}
${statuses("containers", awsNodeOr(lacking, running(true)))}
`
        : `${head("Pending")}
${conditions("aws-node aws-eks-nodeagent", "aws-vpc-cni-init")}
${statuses("initContainers", lacking)}
${statuses("containers", waiting("PodInitializing", ""))}
`;
}

/** aws-node has ended at once after its start, or after its next one. The pod is Running all the time. */
export function crashed(crash: Crash): string {
    const { exitCode, reason } = ends[crash];
    const end = `
  ready: false
  {{ $end := dig "state" "terminated" (dig "lastState" "terminated" dict $was) $was }}
  restartCount: {{ if $end }}{{ add $was.restartCount 1 }}{{ else }}0{{ end }}
  {{ if $end }}lastState: { terminated: {{ toJson $end }} }{{ end }}
  started: false
  state: { terminated: { exitCode: ${exitCode}, reason: ${reason}, startedAt: ${now}, finishedAt: ${now} } }`;
    return `${head("Running")}
${conditions("aws-node")}
${initialized}
${statuses("containers", awsNodeOr(end, running(true)))}
`;
}

const seconds =
    `{{ $seconds := int64 ${backOff.firstSeconds} }}` +
    `{{ range until (int (sub $was.restartCount 1)) }}{{ $seconds = min ${backOff.mostSeconds} (mul 2 $seconds) }}{{ end }}`;

/** aws-node waits for its next start: k8s.io/kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go, doBackOff. */
export const crashLoop = `${head("Running")}
{{ $pod := printf "%s_%s(%s)" .metadata.name .metadata.namespace .metadata.uid }}
${conditions("aws-node")}
${initialized}
${statuses(
    "containers",
    awsNodeOr(
        `
  ${seconds}
  ready: false
  restartCount: {{ $was.restartCount }}
  lastState: { terminated: {{ toJson $was.state.terminated }} }
  started: false
  state: { waiting: { reason: CrashLoopBackOff, message: "back-off {{ duration $seconds }} restarting failed container=aws-node pod={{ $pod }}" } }`,
        running(true),
    ),
)}
`;
