/** Gaps of the package that random runs have found, so that they go on to look for others. */
import type { Engine } from "./engine";
import type { ModelWorld } from "./world";

/**
 * A destroy after the plugin's owner has replaced the DaemonSet by one with another name, and before an update names it. The hand-back
 * sees no DaemonSet, hence no nodes. It attaches the policies to the node roles again, but removes the injection guard and the
 * annotation before IAM enforces them: the next pod of the other DaemonSet has no path until then.
 */
export function destroysUnseenPods(world: ModelWorld, { daemonSetName }: Pick<Engine, "daemonSetName">): boolean {
    return daemonSetName !== undefined && daemonSetName !== world.daemonSetName;
}

/**
 * The plugin's owner has given the DaemonSet another service account, pods of the former one still run (OnDelete, or a rolling update that
 * is stuck), and the canary of the role for the new one fails. The revert then annotates the new service account with the role of the
 * former one, since Ready pods carry it. That role does not trust the new one: the next pod has no path. Here the owner restarts all pods.
 */
export function leaveNoPodOfFormerAccount(world: ModelWorld): void {
    world.pods
        .filter(({ serviceAccount }) => serviceAccount !== world.serviceAccountName)
        .forEach(({ uid }) => world.stop(uid, false));
}
