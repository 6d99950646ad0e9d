import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { PodSeen, World } from "../model/world";
import { hasContainerCredentials, seenAssociations } from "./association";
import { deleteAssociationStep, foreignAssociationStep, leaveAssociationStep } from "./handBackAssociation";
import { attachAgain, nodeRolesStep } from "./handBackNodeRoles";
import { lateWebhookStep, podsStep } from "./handBackPods";
import type { HandBackTarget } from "./handBackTarget";
import { withoutTerminated } from "./leaving";

/**
 * The part of a move from Pod Identity to the annotation before the service account is annotated. While an association exists, the webhook gives no
 * pod web identity, so the pods go over the node roles:
 *   a. the recorded policies are attached again to the node roles, IAM gets time to enforce them, and the role of every node has the permissions,
 *   b. the injection guard is removed, which would refuse pods that use the node role,
 *   c. the containers of the pod template are excluded from the webhook: one pod of each node role restarts first, then the others in waves,
 *   d. once no pod has container credentials any more, the association is deleted.
 *
 * The template excludes its containers until the service account is annotated: decide/canary.ts. Pods with web identity stay as they are: a move to
 * Pod Identity that was killed has not reached them.
 */
export function nextLeavePodIdentityStep(target: HandBackTarget, look: World, memory: Memory): Step {
    const world = asSeenByMove(look);
    const { cluster } = world;
    if (cluster.uid !== target.record.clusterUid) {
        return { do: "refuse", refusal: refusals.clusterChanged(target.record.clusterUid, cluster.uid) };
    }
    const before =
        foreignAssociationStep(target, world) ??
        attachAgain(target, world, memory) ??
        nodeRolesStep(target, world, memory) ??
        removeGuardStep(world) ??
        leaveAssociationStep(target, world);
    if (before !== undefined) {
        return before;
    }
    if (hasLeft(world)) {
        const why = "no pod has credentials of a Pod Identity association, and there is none";
        return lateWebhookStep(world, memory, why) ?? { do: "done", why };
    }
    const pods = podsStep(target, world, memory);
    return pods.do === "done" ? (deleteAssociationStep(target, world) ?? pods) : pods;
}

/** Whether a rollout that failed, or another party, has ended the association. Pods that do not work then wait for the role that this update annotates. */
function hasLeft(world: World): boolean {
    const { daemonSet, pods } = world.cluster;
    return (
        daemonSet?.skipsContainers === undefined &&
        seenAssociations(world)?.length === 0 &&
        !pods.some(hasContainerCredentials)
    );
}

/** Undefined if there is none. The detachment creates it again. */
export function removeGuardStep({ cluster }: World): Step | undefined {
    return cluster.injectionGuard.present
        ? {
              do: "removeInjectionGuard",
              why: "removing the injection guard: the pods go over the node roles, which hold their policies",
          }
        : undefined;
}

/**
 * Without the patch of the DaemonSet, which stays, and in which pods with web identity count as moved, those of other DaemonSets, too. One that does not start goes over its node's
 * role, too: its own role may not work, as after a rollout that failed twice.
 */
export function asSeenByMove(look: World): World {
    const world = withoutTerminated(look);
    const { daemonSet, nodes, pods, otherCarriers = [] } = world.cluster;
    const others = otherCarriers.filter(({ associated }) => associated !== undefined);
    const responding = new Set(nodes.filter(({ ready }) => ready).map(({ name }) => name));
    const counts = ({ credentials, ready, node }: PodSeen) =>
        credentials.kind === "webIdentity" && (ready || !responding.has(node));
    return {
        ...world,
        cluster: {
            ...world.cluster,
            daemonSet: daemonSet && { ...daemonSet, patchFieldManager: undefined },
            pods: pods.map((pod) => (counts(pod) ? { ...pod, credentials: { kind: "nodeRole" } } : pod)),
            ...(otherCarriers.length === 0 ? {} : { otherCarriers: others }),
        },
    };
}
