import { refusals } from "../model/refusals";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { PodSeen } from "../model/world";
import type { Fleet } from "./fleet";

/** Undefined if no pod of the role complains. */
export function complaintStep(
    { right, starting }: Fleet,
    target: { readonly subject: Subject; readonly provedAt?: number },
): Step | undefined {
    const complaining = [...right, ...starting].find((pod) => complains(pod, target));
    return complaining && { do: "refuse", refusal: refusals.podMissesPermissions(complaining, target.subject.roleArn) };
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
