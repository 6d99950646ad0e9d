import type { Memory } from "../model/steps";
import type { ClusterSeen, NodeSeen, PodSeen, World } from "../model/world";
import { untilStable } from "./fleet";
import { withoutTerminated } from "./leaving";
import { isKnownPlace, Place, placeKey, placesOf } from "./places";

/** When a pod works with the role. */
export interface Watched {
    readonly isRight: (pod: PodSeen) => boolean;
    readonly stableSeconds: number;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Adds a look. `watched` is undefined in a run that gives no pod the role. */
export function withSeen(memory: Memory, look: World, watched?: Watched): Memory {
    const world = withoutTerminated(look);
    const { cluster, account } = world;
    const { seen } = memory;
    const nodes = new Map(cluster.nodes.map((node) => [node.name, node]));
    const [served, readyIn, workedIn] = [new Set(seen?.served), new Set(seen?.readyIn), new Set(seen?.workedIn)];
    // Those of pods that are gone are forgotten.
    const [ready, worked] = [new Set<string>(), new Set<string>()];
    for (const pod of cluster.pods) {
        const { uid } = pod;
        const node = nodes.get(pod.node);
        if (pod.ready && node !== undefined) {
            served.add(nodeKey(node));
        }
        const isRight = pod.ready && watched?.isRight(pod) === true;
        // A pod that complains is watched once more, whatever it has shown before.
        const mayKeep = isRight || !pod.ready;
        const isStable = isRight && untilStable([pod], watched.stableSeconds, world) === 0;
        const hasWorked = isStable || (seen?.worked.has(uid) === true && mayKeep);
        if (isRight || hasWorked || (seen?.ready.has(uid) && mayKeep)) {
            ready.add(uid);
        }
        if (hasWorked) {
            worked.add(uid);
        }
        // EC2 shows a new instance late, and an ending one without its profile: a pod there says nothing about another one.
        if (isRight && node !== undefined && isKnownPlace(node, account)) {
            const key = placeKey(node, account);
            readyIn.add(key);
            if (hasWorked) {
                workedIn.add(key);
            }
        }
    }
    return {
        ...memory,
        seen: {
            firstNodes: seen?.firstNodes ?? new Set(cluster.nodes.map(nodeKey)),
            firstPlaces: seen?.firstPlaces ?? new Set(placesOf(world).map(({ key }) => key)),
            beforeGuard:
                seen?.beforeGuard ??
                (cluster.injectionGuard.inForce ? new Set(cluster.pods.map(({ uid }) => uid)) : undefined),
            served,
            ready,
            worked,
            readyIn,
            workedIn,
        },
    };
}

const nodeKey = ({ name, instanceId }: NodeSeen) => instanceId ?? name;

/** Whether a node was in the first look. In a decision without a look before it, every node is. */
export function isOfFirstLook(node: NodeSeen, { seen }: Memory): boolean {
    return seen === undefined || seen.firstNodes.has(nodeKey(node));
}

export function isOfFirstPlaces(key: string, { seen }: Memory): boolean {
    return seen === undefined || seen.firstPlaces.has(key);
}

/** Whether a pod is younger than the injection guard, so that the guard has admitted it with its role. */
export function isBornUnderGuard({ uid }: PodSeen, { seen }: Memory): boolean {
    return seen?.beforeGuard !== undefined && !seen.beforeGuard.has(uid);
}

/**
 * Whether a pod has worked with the role in some look: for long enough, or at all if the guard has admitted it. One that has complained once, and
 * so is watched again, has not.
 */
export function hasWorked(pod: PodSeen, memory: Memory): boolean {
    const { worked = NOTHING, ready = NOTHING } = memory.seen ?? {};
    return worked.has(pod.uid) || (isBornUnderGuard(pod, memory) && ready.has(pod.uid));
}

/** Whether a pod was Ready with the role in this place in some look. */
export function wasReadyIn({ key }: Pick<Place, "key">, { seen }: Memory): boolean {
    return seen?.readyIn.has(key) ?? false;
}

/** Whether a pod has worked with the role in this place, for long enough, in some look. Its node may have left since. */
export function hasWorkedIn({ key }: Pick<Place, "key">, { seen }: Memory): boolean {
    return seen?.workedIn.has(key) ?? false;
}

/**
 * The nodes without those that have joined since the first look and wait for their first pod. They had no pod that could become unavailable,
 * and no pod of an earlier wave. One whose pod is wrong counts: it restarts.
 */
export function withoutJoining(
    nodes: readonly NodeSeen[],
    { pods }: ClusterSeen,
    memory: Memory,
    isRight: (pod: PodSeen) => boolean,
): NodeSeen[] {
    const { seen } = memory;
    if (seen === undefined) {
        return [...nodes];
    }
    const wrong = new Set(pods.filter((pod) => !pod.terminating && !isRight(pod)).map(({ node }) => node));
    return nodes.filter((node) => {
        const key = nodeKey(node);
        return seen.firstNodes.has(key) || seen.served.has(key) || wrong.has(node.name);
    });
}
