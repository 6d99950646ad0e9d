import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
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

/**
 * The same world without the single complaints of this run that may be due to IAM: it enforces a change of the role on some calls later than on
 * others, so one denied call says nothing. The pod is watched from then on. If it is denied again, the complaint counts: the CNI's recorder writes
 * the second one at once, and later ones late (k8s.io/client-go tools/events/event_broadcaster.go, recordToSink).
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 */
export function withoutLoneComplaints(
    world: World,
    { iamPropagationSeconds }: { readonly iamPropagationSeconds: number },
    { startedAt }: Memory,
): World {
    const isLone = ({ missingPermissionsAt: at, missingPermissionsCount }: PodSeen) =>
        missingPermissionsCount === 1 &&
        at !== undefined &&
        at >= startedAt &&
        at < startedAt + iamPropagationSeconds * 1000;
    if (!world.cluster.pods.some(isLone)) {
        return world;
    }
    const pods = world.cluster.pods.map((pod) => {
        const { readySince, missingPermissionsAt = 0 } = pod;
        const watchedSince = readySince === undefined ? undefined : Math.max(readySince, missingPermissionsAt);
        return isLone(pod) ? { ...pod, missingPermissions: undefined, readySince: watchedSince } : pod;
    });
    return { ...world, cluster: { ...world.cluster, pods } };
}

/** Whether each pod that complains did so before this time: the role may have been repaired since. */
export function complainedBefore(
    pods: readonly PodSeen[],
    target: { readonly provedAt?: number },
    time: number,
): boolean {
    const complaining = pods.filter((pod) => complains(pod, target));
    return (
        complaining.length > 0 &&
        complaining.every(({ missingPermissionsAt = Infinity }) => missingPermissionsAt < time)
    );
}

/** The same world in which no pod has complained. */
export function withoutComplaints(world: World): World {
    const pods = world.cluster.pods.map((pod) => ({ ...pod, missingPermissions: undefined }));
    return { ...world, cluster: { ...world.cluster, pods } };
}
