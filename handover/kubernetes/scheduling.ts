/**
 * Which nodes a DaemonSet selects, as its controller decides: pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod,
 * predicates) and pkg/controller/daemon/util/daemonset_util.go in kubernetes/kubernetes.
 */
import type {
    V1NodeSelectorRequirement,
    V1NodeSelectorTerm,
    V1PodSpec,
    V1Taint,
    V1Toleration,
} from "@kubernetes/client-node";

export interface Placement {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly taints: readonly V1Taint[];
}

export function selectsNode(template: V1PodSpec, node: Placement): boolean {
    return (
        (!template.nodeName || template.nodeName === node.name) &&
        Object.entries(template.nodeSelector ?? {}).every(([key, value]) => node.labels[key] === value) &&
        matchesAffinity(template, node) &&
        toleratesAll(template, node.taints)
    );
}

/**
 * The taints of nodes that join. The API server gives the first to each node (plugin/pkg/admission/nodetaint/admission.go), and the node controller
 * removes it once the node is Ready, which takes a pod of the CNI that works. The others stand for any that a node group or a NodePool may give its
 * nodes at their start: only a toleration without a key covers them.
 */
const JOINING: readonly V1Taint[] = [
    { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
    { key: "*", effect: "NoSchedule" },
    { key: "*", effect: "NoExecute" },
];

/**
 * The taints with which a node gets no pod of the agent, although it gets one of the CNI: those of nodes that join, and these ones. As kubectl writes
 * them: `key=value:effect`. The key `*` is any other one.
 */
export function taintsWithoutAgent(agent: V1PodSpec, cni: V1PodSpec, taints: readonly V1Taint[]): string[] {
    const without = [...JOINING, ...taints].filter(
        (taint) => toleratesAll(cni, [taint]) && !toleratesAll(agent, [taint]),
    );
    return [...new Set(without.map(({ key, value, effect }) => `${value ? `${key}=${value}` : key}:${effect}`))];
}

/** A preference keeps no pod away. */
function toleratesAll(template: V1PodSpec, taints: readonly V1Taint[]): boolean {
    const tolerations = [...(template.tolerations ?? []), ...daemonTolerations(template)];
    return taints
        .filter(({ effect }) => effect === "NoExecute" || effect === "NoSchedule")
        .every((taint) => tolerations.some((toleration) => tolerates(toleration, taint)));
}

/** Terms are alternatives. A term without requirements, and a selector without terms, match nothing. */
function matchesAffinity({ affinity }: V1PodSpec, node: Placement): boolean {
    const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    return required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: V1NodeSelectorTerm, node: Placement): boolean {
    return (
        matchExpressions.length + matchFields.length > 0 &&
        matchExpressions.every((requirement) => meets(requirement, node.labels[requirement.key])) &&
        // The name is the only field that Kubernetes supports.
        matchFields.every((requirement) => requirement.key === "metadata.name" && meets(requirement, node.name))
    );
}

/** Like Requirement.Matches in apimachinery pkg/labels/selector.go: NotIn also matches a missing label. */
function meets({ operator, values = [] }: V1NodeSelectorRequirement, value: string | undefined): boolean {
    switch (operator) {
        case "In":
            return value !== undefined && values.includes(value);
        case "NotIn":
            return value === undefined || !values.includes(value);
        case "Exists":
            return value !== undefined;
        case "DoesNotExist":
            return value === undefined;
        case "Gt":
            return integer(value) > integer(values[0]);
        case "Lt":
            return integer(value) < integer(values[0]);
        default:
            return false;
    }
}

/** NaN, for which every comparison is false, if the text is not an integer. */
const integer = (text: string | undefined) => (/^[-+]?\d+$/.test(text ?? "") ? Number(text) : NaN);

/** Like ToleratesTaint in k8s.io/api core/v1 toleration.go: an empty key or effect matches any. */
function tolerates({ key, operator, value = "", effect }: V1Toleration, taint: V1Taint): boolean {
    return (
        (!effect || effect === taint.effect) &&
        (!key || key === taint.key) &&
        (operator === "Exists" || ((!operator || operator === "Equal") && value === (taint.value ?? "")))
    );
}

/** The tolerations that the controller adds to each pod: daemonset_util.go, AddOrUpdateDaemonPodTolerations. */
function daemonTolerations({ hostNetwork }: V1PodSpec): V1Toleration[] {
    const exists = (effect: string) => (condition: string) => ({
        key: `node.kubernetes.io/${condition}`,
        operator: "Exists",
        effect,
    });
    const onHost = hostNetwork ? ["network-unavailable"] : [];
    return [
        ...["not-ready", "unreachable"].map(exists("NoExecute")),
        ...["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable", ...onHost].map(exists("NoSchedule")),
    ];
}
