import type { PodSeen } from "../model/world";

/** Whether the CNI in a pod has complained about a missing permission, and that is not outdated. */
export function complains(
    { missingPermissions, missingPermissionsAt }: PodSeen,
    { provedAt }: { readonly provedAt?: number },
): boolean {
    // A pod keeps the event for an hour, also after the role was repaired.
    const isOutdated = missingPermissionsAt !== undefined && provedAt !== undefined && missingPermissionsAt < provedAt;
    return missingPermissions !== undefined && !isOutdated;
}
