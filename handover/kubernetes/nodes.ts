import type { V1Node, V1PodSpec, V1Taint } from "@kubernetes/client-node";
import type { NodeSeen, OtherNodeSeen } from "../model/world";
import type { Cluster } from "./clusterClient";
import type { ClusterClock } from "./clusterClock";
import { listAll } from "./paging";
import { selectsNode } from "./scheduling";

/** The nodes of the cluster, by whether the pod template of a DaemonSet selects them. */
export interface NodesListed {
    readonly selected: NodeSeen[];
    /** The others that are EC2 instances. */
    readonly others: OtherNodeSeen[];
    /** The taints of each selected node, by its name. */
    readonly taints: ReadonlyMap<string, readonly V1Taint[]>;
}

export async function listNodes(cluster: Cluster, template: V1PodSpec): Promise<NodesListed> {
    const { kept } = await listAll(
        (_continue) =>
            cluster.call(
                { verb: "list", resource: "nodes" },
                cluster.core.listNode({ limit: cluster.settings.pageSize, _continue }),
            ),
        (node) => ({
            ...nodeSeen(node),
            isSelected: isSelected(node, template),
            joinedAt: joinedAt(node, cluster.clock),
            taints: node.spec?.taints ?? [],
        }),
    );
    return {
        selected: kept.flatMap(({ isSelected: is, name, ready, instanceId: id }) =>
            is ? { name, ready, instanceId: id } : [],
        ),
        others: kept.flatMap(({ isSelected: is, name, instanceId: id, joinedAt: at }) =>
            is || id === undefined ? [] : { name, instanceId: id, ...(at === undefined ? {} : { joinedAt: at }) },
        ),
        taints: new Map(kept.flatMap(({ isSelected: is, name, taints }) => (is ? [[name, taints]] : []))),
    };
}

/** The kubelet creates the node when it registers. */
function joinedAt({ metadata }: V1Node, clock: ClusterClock): number | undefined {
    return metadata?.creationTimestamp && clock.here(metadata.creationTimestamp);
}

function isSelected({ metadata, spec }: V1Node, template: V1PodSpec): boolean {
    const { name = "", labels = {} } = metadata ?? {};
    return selectsNode(template, { name, labels, taints: spec?.taints ?? [] });
}

export function nodeSeen({ metadata, spec, status }: V1Node): NodeSeen {
    return {
        name: metadata?.name ?? "",
        ready: status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false,
        instanceId: instanceId(spec?.providerID),
    };
}

/**
 * `aws:///us-west-2a/i-0123…`: https://github.com/kubernetes/cloud-provider-aws/blob/master/pkg/providers/v1/instances.go
 *
 * Undefined for a node of Fargate (`aws:///us-west-2a/…/fargate-ip-…`), and for a hybrid node (`eks-hybrid:///…`).
 */
export function instanceId(providerId: string | undefined): string | undefined {
    return /^aws:\/\/\/(?:[^/]*\/)?(i-[0-9a-f]+)$/.exec(providerId ?? "")?.[1];
}
