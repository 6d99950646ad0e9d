import { type AssociationSeen, ASSOCIATION_MARGIN_MILLISECONDS } from "../model/association";
import { listNames } from "../model/listNames";
import type { Memory, Step } from "../model/steps";
import type { PodSeen, World } from "../model/world";
import { guardRefuses } from "./admittedRoles";
import { hasContainerCredentials } from "./association";
import { fleetOf, forceRestartWrong, restartWrong, wakeStep, whyForced } from "./fleet";
import { withoutJoining } from "./seen";

/** The state to restore if a rollout with an association fails: the pods use the node roles again. */
export interface AssociationTakeBack {
    /** Undefined if there is none, or if it is another party's. */
    readonly association: (Pick<AssociationSeen, "id"> & { readonly clusterName: string }) | undefined;
    /** Whether an injection guard that refuses pods on the node roles goes first: no policy has left them. */
    readonly removesGuard?: boolean;
}

/**
 * Deletes the association, and restarts each pod that has its credentials, also one that works: it could not renew its session. The others were
 * never moved, and stay as they are. The pod template stays, since a changed one would restart every pod.
 *
 * Pods that do not work restart at once. The others wait until the webhook no longer gives the credentials to new pods.
 */
export function nextAssociationTakeBackStep(target: AssociationTakeBack, { cluster, at }: World, memory: Memory): Step {
    if (target.removesGuard === true && guardRefuses(cluster, cluster.serviceAccount?.annotations ?? {})) {
        return {
            do: "removeInjectionGuard",
            why: "removing the injection guard, which refuses pods on the node roles: these hold their policies",
        };
    }
    const { associationDeletedAt } = memory;
    if (target.association !== undefined && associationDeletedAt === undefined) {
        const { clusterName, id: associationId } = target.association;
        return { do: "deleteAssociation", clusterName, associationId, why: "deleting the Pod Identity association" };
    }
    const isBack = (pod: PodSeen) => !hasContainerCredentials(pod);
    const ready = withoutJoining(
        cluster.nodes.filter((node) => node.ready),
        cluster,
        memory,
        isBack,
    );
    const fleet = fleetOf(cluster, ready, isBack, false);
    const forgottenAt = (associationDeletedAt ?? memory.startedAt) + ASSOCIATION_MARGIN_MILLISECONDS;
    const isForgotten = at >= forgottenAt;
    const [broken, working] = [fleet.wrong.filter((pod) => !pod.ready), fleet.wrong.filter((pod) => pod.ready)];
    const why = (pod: PodSeen) => `${pod.name} returns to its node's role`;
    const touched = new Set(Object.keys(memory.restarts));
    return (
        restartWrong({ ...fleet, wrong: isForgotten ? fleet.wrong : broken }, memory, at, why) ??
        (working.length > 0
            ? {
                  do: "wait",
                  until: forgottenAt,
                  why: `waiting until the webhook forgets the association, before these pods restart: ${listNames(working)}`,
              }
            : undefined) ??
        // The remaining wrong pods are on NotReady nodes.
        forceRestartWrong(fleetOf(cluster, cluster.nodes, isBack, false).wrong, memory, at, whyForced) ??
        wakeStep(fleet.nodesWithoutPod, cluster, memory, at) ??
        waitFor([
            // A pod that does not start for another reason would not end the wait.
            ...fleet.starting.filter(({ node, startProblem }) => touched.has(node) && startProblem === undefined),
            ...fleet.terminating,
            ...fleet.nodesWithoutPod,
        ]) ?? { do: "done", why: "the rollout is taken back" }
    );
}

function waitFor(pending: readonly { readonly name: string }[]): Step | undefined {
    return pending.length === 0 ? undefined : { do: "wait", why: `not reverted yet: ${listNames(pending)}` };
}
