import type { PodSeen, World } from "../model/world";
import { DeliveryTarget, hasDelivery } from "./delivered";
import { placesOf } from "./places";

/**
 * Those of the pods that work with other credentials, in places where no pod works with the role. Their nodes did not respond while the canaries
 * ran, or their pods have lost the role since. A pod on a NotReady node may work.
 *
 * The verification takes nothing back, so it does not restart them: a canary does, in a run that does.
 */
export function untestedPods(pods: readonly PodSeen[], target: DeliveryTarget, world: World): PodSeen[] {
    const works = new Set(
        world.cluster.pods.filter((pod) => pod.ready && hasDelivery(pod, target)).map(({ node }) => node),
    );
    const untested = placesOf(world).filter(({ nodes }) => !nodes.some(({ name }) => works.has(name)));
    const nodes = new Map(untested.flatMap((place) => place.nodes.map((node) => [node.name, node] as const)));
    return pods.filter(({ ready, node }) => nodes.has(node) && (ready || nodes.get(node)?.ready === false));
}
