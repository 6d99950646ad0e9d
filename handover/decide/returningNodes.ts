import type { Memory } from "../model/steps";
import type { ClusterSeen, NodeSeen, World } from "../model/world";
import { Fleet, fleetOf } from "./fleet";
import { carries, type HandBackTarget } from "./handBackTarget";
import { withoutLeaving } from "./leaving";
import { withoutJoining } from "./seen";

/** The nodes that the hand-back waits for, and the NotReady ones that it may skip. */
export interface ReturningNodes {
    readonly nodes: readonly NodeSeen[];
    /** Their pods are removed from the API, and their kubelets stop them when the nodes are back. */
    readonly ignored: readonly NodeSeen[];
}

export function returningNodes(target: HandBackTarget, world: World, memory: Memory): ReturningNodes {
    const carriesOne = carries(target);
    const { cluster } = withoutLeaving(world);
    const settled = withoutJoining(cluster.nodes, cluster, memory, (pod) => !carriesOne(pod));
    const silent = settled.filter(({ ready }) => !ready);
    const ignored = silent.length <= (target.maxNotReadyNodes ?? 0) ? silent : [];
    return { nodes: settled.filter((node) => !ignored.includes(node)), ignored };
}

export function readyNodes({ nodes }: Pick<ClusterSeen, "nodes">): NodeSeen[] {
    return nodes.filter(({ ready }) => ready);
}

/** The pods on these nodes: a pod counts as right if it carries no role that is about to be deleted. */
export function returningFleet(target: HandBackTarget, cluster: ClusterSeen, nodes: readonly NodeSeen[]): Fleet {
    const carriesOne = carries(target);
    return fleetOf(cluster, nodes, (pod) => !carriesOne(pod), false);
}

/** Without the DaemonSet, its nodes are unknown. It may have another name now. */
export function mayHavePods({ nodes, daemonSet }: ClusterSeen): boolean {
    return nodes.length > 0 || daemonSet === undefined;
}
