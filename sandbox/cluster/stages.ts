/**
 * The behaviour of nodes and pods in kwok: https://kwok.sigs.k8s.io/docs/user/stages-configuration/ A pod runs nothing.
 * It becomes Ready after a while. After its deletion it is removed at once, or after `podDeletionSeconds`.
 */

interface Stage {
    name: string;
    kind: "Node" | "Pod";
    when: { key: string; operator: "Exists" | "DoesNotExist" | "In" | "NotIn"; values?: string[] }[];
    delayMilliseconds?: number;
    next: { statusTemplate?: string; finalizers?: { empty: boolean }; delete?: boolean };
}

function resource(stage: Stage) {
    return {
        apiVersion: "kwok.x-k8s.io/v1alpha1",
        kind: "Stage",
        metadata: { name: stage.name },
        spec: {
            resourceRef: { apiGroup: "v1", kind: stage.kind },
            selector: { matchExpressions: stage.when },
            ...(stage.delayMilliseconds === undefined
                ? {}
                : { delay: { durationMilliseconds: stage.delayMilliseconds } }),
            next: stage.next,
        },
    };
}

const condition = (type: string, status: boolean) =>
    `- { type: ${type}, status: "${status ? "True" : "False"}", lastTransitionTime: {{ $now | Quote }} }`;

const started = ["PodReadyToStartContainers", "Initialized", "PodScheduled"];
const probed = ["Ready", "ContainersReady"];

/** Without `ready` the containers run, and their readiness probes have not succeeded. */
const podRunning = (ready: boolean) => `
{{ $now := Now }}
phase: Running
startTime: {{ or .status.startTime $now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
conditions:
${[...started.map((type) => condition(type, true)), ...probed.map((type) => condition(type, ready))].join("\n")}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  started: false
  state: { terminated: { exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} } }
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: ${ready}
  restartCount: 0
  started: true
  state: { running: { startedAt: {{ $now | Quote }} } }
{{ end }}
`;

/** The other fields of the status are set when the node is created: see nodes.ts. */
const nodeReady = `
{{ $now := Now }}
phase: Running
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
`;

/** A kubelet's message before a CNI plugin has written its configuration. */
const nodeWithoutNetwork = `
{{ $now := Now }}
phase: Running
conditions:
- type: Ready
  status: "False"
  reason: KubeletNotReady
  message: "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
`;

const notDeleted = { key: ".metadata.deletionTimestamp", operator: "DoesNotExist" } as const;

const ofAwsNode = (operator: "In" | "NotIn") => ({
    key: '.metadata.labels["k8s-app"]',
    operator,
    values: ["aws-node"],
});

export interface StageOptions {
    podReadySeconds: number;
    /** How long a deleted pod takes to end, within its grace period. Defaults to 0. */
    podDeletionSeconds?: number;
    /** Nodes and aws-node's pods start, and the agents make them Ready: see agents.ts. */
    readinessByCni?: boolean;
    /** Names of nodes whose kubelets are stopped: nothing happens on them. */
    stoppedNodes?: readonly string[];
}

export function stages({
    podReadySeconds,
    podDeletionSeconds = 0,
    readinessByCni = false,
    stoppedNodes = [],
}: StageOptions): Stage[] {
    const notOn = (key: string): Stage["when"] =>
        stoppedNodes.length > 0 ? [{ key, operator: "NotIn", values: [...stoppedNodes] }] : [];
    const onRunningNode = notOn(".spec.nodeName");
    // Without any stage for nodes kwok uses its default one, which makes them Ready.
    const node = (name: string, unless: string[], statusTemplate: string): Stage => ({
        name,
        kind: "Node",
        when: [
            {
                key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
                operator: "NotIn",
                values: unless,
            },
            ...notOn(".metadata.name"),
        ],
        next: { statusTemplate },
    });
    const start = (name: string, ready: boolean, which: Stage["when"] = []): Stage => ({
        name,
        kind: "Pod",
        when: [notDeleted, { key: ".status.podIP", operator: "DoesNotExist" }, ...onRunningNode, ...which],
        delayMilliseconds: Math.round(podReadySeconds * 1000),
        next: { statusTemplate: podRunning(ready) },
    });
    return [
        ...(readinessByCni
            ? [
                  node("node-without-network", ["True", "False", "Unknown"], nodeWithoutNetwork),
                  start("pod-ready", true, [ofAwsNode("NotIn")]),
                  start("aws-node-running", false, [ofAwsNode("In")]),
              ]
            : [node("node-ready", ["True"], nodeReady), start("pod-ready", true)]),
        {
            name: "pod-gone",
            kind: "Pod",
            when: [{ key: ".metadata.deletionTimestamp", operator: "Exists" }, ...onRunningNode],
            ...(podDeletionSeconds > 0 && { delayMilliseconds: Math.round(podDeletionSeconds * 1000) }),
            next: { finalizers: { empty: true }, delete: true },
        },
    ];
}

/** The configuration file of kwok: YAML documents, each written as JSON. */
export function stagesFile(options: StageOptions): string {
    return stages(options)
        .map((stage) => JSON.stringify(resource(stage)))
        .join("\n---\n");
}
