import type { Memory } from "../model/steps";
import type { PodSeen, World } from "../model/world";
import { DeliveryTarget, hasDelivery } from "./delivered";
import { placesWithout } from "./places";
import { wasReadyIn } from "./seen";

/**
 * Those of the pods that work with other credentials, where no pod of the same place has ever had the role: none works with it, and these are older
 * than every pod that carries it. Their nodes did not respond while the canaries ran. A pod on a NotReady node may work.
 *
 * The verification takes nothing back, so it does not restart them: a canary does, in a run that does. A younger pod has lost the role, for
 * example because it was deleted while the webhook was down.
 */
export function untestedPods(
    pods: readonly PodSeen[],
    target: DeliveryTarget,
    world: World,
    memory: Memory,
): PodSeen[] {
    const carriers = world.cluster.pods.filter((pod) => hasDelivery(pod, target));
    const since = carriers.reduce((first, { createdAt }) => Math.min(first, createdAt), Infinity);
    const working = carriers.filter(({ ready }) => ready);
    const places = placesWithout(working, world).filter((place) => !wasReadyIn(place, memory));
    const untested = places.flatMap((place) => place.nodes);
    const nodes = new Map(untested.map((node) => [node.name, node]));
    return pods.filter(
        ({ ready, node, createdAt }) =>
            carriers.length > 0 && createdAt < since && nodes.has(node) && (ready || nodes.get(node)?.ready === false),
    );
}
