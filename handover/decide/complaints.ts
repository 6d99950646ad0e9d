import { refusals } from "../model/refusals";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { PodSeen, World } from "../model/world";
import type { Fleet } from "./fleet";
import { describeNodes } from "./places";

/** Undefined if no pod of the role complains. */
export function complaintStep(
    { right, starting }: Fleet,
    target: { readonly subject: Subject; readonly provedAt?: number },
    world: World,
): Extract<Step, { do: "refuse" }> | undefined {
    const complaining = [...right, ...starting].filter((pod) => complains(pod, target));
    const { roleArn } = target.subject;
    return complaining.length === 0
        ? undefined
        : {
              do: "refuse",
              refusal: refusals.podsMissPermissions(complaining, describeNodes(complaining, world), roleArn),
          };
}

/** Whether the CNI in a pod has complained about a missing permission, and that is not outdated. */
export function complains(
    { missingPermissions, missingPermissionsAt }: PodSeen,
    { provedAt }: { readonly provedAt?: number },
): boolean {
    // A pod keeps the event for an hour, also after the role was repaired.
    const isOutdated = missingPermissionsAt !== undefined && provedAt !== undefined && missingPermissionsAt < provedAt;
    return missingPermissions !== undefined && !isOutdated;
}

/** The same world in which no pod has complained. */
export function withoutComplaints(world: World): World {
    const pods = world.cluster.pods.map((pod) => ({ ...pod, missingPermissions: undefined }));
    return { ...world, cluster: { ...world.cluster, pods } };
}
