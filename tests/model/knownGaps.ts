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
