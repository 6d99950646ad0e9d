/** In which places a canary has begun, in this run or in an earlier one. */
import { carriesAnyOf } from "../model/carriedRole";
import type { Memory } from "../model/steps";
import type { PodSeen, World } from "../model/world";
import { type DeliveryTarget, hasDelivery } from "./delivered";
import type { Place } from "./places";
import { isOfFirstLook } from "./seen";

/**
 * The places in which a canary has begun come first, so that they stay those of their node roles, whichever nodes join or leave meanwhile: there is
 * no second canary of a role before the first one works. Then come those in which an earlier run has left a pod that does not work: it has nothing to
 * lose, and a canary in another place would be a second pod of its node role that may not work. So do those in which this run has restarted a pod
 * whose node is NotReady by now, since its canary may be in another place meanwhile.
 */
export function begunFirst(
    places: readonly Place[],
    target: DeliveryTarget,
    { cluster }: World,
    memory: Memory,
): Place[] {
    const pods = cluster.pods.filter(({ terminating }) => !terminating);
    const carriedOn = new Set(nodesOf(pods.filter((pod) => hasDelivery(pod, target))));
    const leftOn = new Set(nodesOf(pods.filter((pod) => isLeftBroken(pod, target))));
    const isRestarted = (node: string) => memory.restarts[node] !== undefined;
    const isBegun = (place: Place) =>
        steadyPart(place, memory).nodes.some(({ name, ready }) => carriedOn.has(name) || (ready && isRestarted(name)));
    const isLeft = ({ nodes }: Place) =>
        nodes.some(({ name, ready }) => isRestarted(name) || (ready && leftOn.has(name)));
    const rank = (place: Place) => (isBegun(place) ? 0 : isLeft(place) ? 1 : 2);
    return [...places].sort((a, b) => rank(a) - rank(b));
}

/**
 * Of these places, those in which a canary has begun. It is watched to its end, also if the node on which the first one of its node role worked has left
 * since. So is one that a killed run has left with this role.
 */
export function begunAmong(
    places: readonly Place[],
    target: DeliveryTarget,
    { cluster }: World,
    memory: Memory,
): Place[] {
    const leftOn = new Set(nodesOf(cluster.pods.filter((pod) => !pod.ready && hasDelivery(pod, target))));
    return places.filter(({ nodes }) =>
        nodes.some(({ name }) => memory.restarts[name] !== undefined || leftOn.has(name)),
    );
}

/**
 * The place without the nodes that have joined since the first look. Their pods are born with the role, and a node that leaves again before its pod is
 * stable shows nothing: where such nodes follow each other, a wait for one of them would have no end. The whole place, if no other node of it is Ready.
 */
export function steadyPart(place: Place, memory: Memory): Place {
    const nodes = place.nodes.filter((node) => isOfFirstLook(node, memory) || memory.restarts[node.name] !== undefined);
    return nodes.some(({ ready }) => ready) ? { ...place, nodes } : place;
}

const nodesOf = (pods: readonly PodSeen[]) => pods.map(({ node }) => node);

/** A pod that an earlier run left with a role that does not work: it has nothing to lose. */
export function isLeftBroken(pod: PodSeen, { record }: Pick<DeliveryTarget, "record">): boolean {
    return !pod.ready && carriesAnyOf(pod, record.approvedRoleArns);
}
