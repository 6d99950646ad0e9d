import { carriesRole } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import type { Memory, Step } from "../model/steps";
import type { PodSeen, World } from "../model/world";
import { awaitFleet, fleetOf, restartWrong } from "./fleet";
import { hasContainerCredentials } from "./association";
import type { HandBackTarget } from "./handBackTarget";
import { readyNodes } from "./returningNodes";
import { withoutJoining } from "./seen";

/**
 * After pods did not work with their former credentials: the service account gets the role's annotation again, and these pods restart with the
 * role, which the others work with. If these credentials are those of a role that another owner has annotated, that role does not work either.
 */
export function nextReturnStep(target: HandBackTarget, { cluster, at }: World, memory: Memory): Step {
    const { subject, record } = target;
    if (record.podIdentityDelivered === true && cluster.daemonSet?.skipsContainers) {
        return {
            do: "unskipContainers",
            why: "the pod template no longer excludes its containers from the webhook: the pods get the role again",
        };
    }
    if (cluster.serviceAccount !== undefined && !isAnnotated(subject, cluster)) {
        return {
            do: "annotate",
            annotations: subject.annotations,
            force: true,
            why: "giving the service account the role's annotation again",
        };
    }
    const isRight = (pod: PodSeen) => pod.ready || carriesRole(pod, subject) || hasContainerCredentials(pod);
    const fleet = fleetOf(cluster, withoutJoining(readyNodes(cluster), cluster, memory, isRight), isRight, false);
    return (
        restartWrong(fleet, memory, at, (pod) => `${pod.name} returns to the role`) ??
        awaitFleet(fleet, cluster, memory, at) ?? { do: "done", why: "these pods carry the role again" }
    );
}
