/**
 * The behaviour of nodes and pods in kwok: https://kwok.sigs.k8s.io/docs/user/stages-configuration/ A pod runs nothing.
 * It becomes Ready after a while. After its deletion it is removed at once, or after `podDeletionSeconds`.
 */
import { failingStages } from "./failingStages";
import type { PodFailure } from "./podFailures";
import { awsNodeStarting, podRunning } from "./podTemplates";
import { notDeleted, notStarted, ofAwsNode, resource, type Stage } from "./stage";

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

export interface StageOptions {
    podReadySeconds: number;
    /** How long a deleted pod takes to end, within its grace period. Defaults to 0. */
    podDeletionSeconds?: number;
    /** Nodes and aws-node's pods start, and the agents make them Ready: see agents.ts. */
    readinessByCni?: boolean;
    /** Names of nodes whose kubelets are stopped: nothing happens on them. */
    stoppedNodes?: readonly string[];
    /** The nodes on which pods of aws-node do not start from now on, and how they fail. */
    podFailures?: ReadonlyMap<string, PodFailure>;
    /** Scales the times between the attempts of a pod that fails. Defaults to 1. */
    failureFactor?: number;
}

export function stages({
    podReadySeconds,
    podDeletionSeconds = 0,
    readinessByCni = false,
    stoppedNodes = [],
    podFailures = new Map(),
    failureFactor = 1,
}: StageOptions): Stage[] {
    const notOn = (key: string, nodes = stoppedNodes): Stage["when"] =>
        nodes.length > 0 ? [{ key, operator: "NotIn", values: [...nodes] }] : [];
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
    const readyDelay = Math.round(podReadySeconds * 1000);
    const start = (name: string, statusTemplate: string, which: Stage["when"]): Stage => ({
        name,
        kind: "Pod",
        when: [notDeleted, notStarted, ...onRunningNode, ...which],
        delay: readyDelay,
        next: { statusTemplate },
    });
    const failing = [...podFailures].flatMap(([node, failure]) => (failure === "unschedulable" ? [] : [node]));
    const awsNode = [ofAwsNode("In"), ...notOn(".spec.nodeName", failing)];
    return [
        readinessByCni
            ? node("node-without-network", ["True", "False", "Unknown"], nodeWithoutNetwork)
            : node("node-ready", ["True"], nodeReady),
        start("pod-ready", podRunning, [ofAwsNode("NotIn")]),
        start("aws-node-running", readinessByCni ? awsNodeStarting : podRunning, awsNode),
        ...failingStages(podFailures, onRunningNode, readyDelay, failureFactor),
        {
            name: "pod-gone",
            kind: "Pod",
            when: [{ key: ".metadata.deletionTimestamp", operator: "Exists" }, ...onRunningNode],
            ...(podDeletionSeconds > 0 && { delay: Math.round(podDeletionSeconds * 1000) }),
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
