import { freshMemory } from "../model/steps";
import type { ClusterSeen, PodSeen, World } from "../model/world";
import { DeliveryTarget, hasDelivery } from "./delivered";
import { Finding } from "./driftFindings";
import { isLate } from "./fleet";
import { describeNodes, placesWithout } from "./places";
import { refusals } from "../model/refusals";
import { isDetached } from "./reliesOnRole";

interface UnusableTarget extends DeliveryTarget {
    /** How long a pod may take until it works. */
    readonly canarySeconds: number;
}

/**
 * The pods with the role, on Ready nodes, that have not worked for longer than a canary may take, for no reason of their own. They are more than
 * slow, whichever run looks.
 */
export function lateCarriers(target: UnusableTarget, { nodes, pods }: ClusterSeen, at: number): PodSeen[] {
    const responding = new Set(nodes.filter(({ ready }) => ready).map(({ name }) => name));
    return pods.filter(
        (pod) =>
            hasDelivery(pod, target) &&
            !pod.terminating &&
            responding.has(pod.node) &&
            pod.startProblem === undefined &&
            isLate(pod, target.canarySeconds, freshMemory(0), at),
    );
}

/**
 * Places in which the role cannot be used, as far as a rollout can take it back there: no policy has left the node roles. The canaries there were
 * on nodes that became NotReady before they worked, so no rollout has taken them back.
 */
export function unusablePlaces(target: UnusableTarget, world: World): Finding[] {
    const { cluster, account, at } = world;
    if (account.nodeRoles.some((role) => isDetached(target.record, role))) {
        return [];
    }
    const working = cluster.pods.filter((pod) => pod.ready && hasDelivery(pod, target));
    const untested = new Set(placesWithout(working, world).flatMap(({ nodes }) => nodes.map(({ name }) => name)));
    const late = lateCarriers(target, cluster, at).filter(({ node }) => untested.has(node));
    return late.length === 0
        ? []
        : [
              {
                  seen: refusals.placeUnusable(
                      late,
                      describeNodes(late, world),
                      target.subject.roleArn,
                      target.canarySeconds,
                  ).seen,
                  mends: "takes the rollout back if these pods still cannot use the role",
              },
          ];
}
