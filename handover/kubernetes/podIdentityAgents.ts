import type { V1DaemonSet, V1PodSpec } from "@kubernetes/client-node";
import type { Subject } from "../model/subject";
import type { Cluster } from "./clusterClient";
import { findDaemonSet } from "./daemonSet";
import type { NodesListed } from "./nodes";
import { listPodsOf, nodeOf } from "./pods";
import { taintsWithoutAgent } from "./scheduling";

/** The add-on: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html */
const NAME = "eks-pod-identity-agent";
const NAMESPACE = "kube-system";

/** The EKS Pod Identity Agent, if the run depends on it. */
export interface AgentsListed {
    /** The nodes with a Ready pod of it. */
    readonly readyOn: string[];
    /** Undefined if its DaemonSet has another name. */
    readonly template: V1PodSpec | undefined;
}

export async function listAgents(
    cluster: Cluster,
    { delivery }: Pick<Subject, "delivery">,
): Promise<AgentsListed | undefined> {
    if (delivery !== "podIdentity") {
        return undefined;
    }
    const [readyOn, { kept }] = await Promise.all([
        agentsReadyOn(cluster),
        findDaemonSet(cluster, { namespace: NAMESPACE, name: NAME }),
    ]);
    return { readyOn, template: kept[0]?.spec?.template.spec };
}

async function agentsReadyOn(cluster: Cluster): Promise<string[]> {
    const { kept } = await listPodsOf(cluster, NAMESPACE, { labelSelector: `app.kubernetes.io/name=${NAME}` }, (pod) =>
        pod.metadata?.deletionTimestamp === undefined &&
        pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
            ? nodeOf(pod)
            : undefined,
    );
    return [...new Set(kept)].sort();
}

/**
 * The taints that keep the agent away from nodes of the CNI. Those of a node count while it is Ready without an agent: others may be the taints of a node
 * that leaves, or that nothing waits for.
 */
export function taintsThatKeepAgentsAway(
    { readyOn, template }: AgentsListed,
    { spec }: V1DaemonSet,
    { selected, taints }: NodesListed,
): string[] {
    const without = selected.filter(({ name, ready }) => ready && !readyOn.includes(name));
    const cni = spec?.template.spec;
    return template === undefined || !cni
        ? []
        : taintsWithoutAgent(
              template,
              cni,
              without.flatMap(({ name }) => taints.get(name) ?? []),
          );
}
