import type { FormerDetachment, LeftBehind } from "../model/formerDetachment";
import type { HandOverRecord } from "../model/record";
import { rolesIn } from "./remainingSteps";
import type { LeftNodeRoles } from "./sharedNodeRoles";

/** The node roles as an update left them whose program named these clusters as handed over. */
export function leftNodeRoles(
    { detachedFrom, remainingSteps }: LeftBehind,
    handedOverClusterArns: readonly string[] = [],
): LeftNodeRoles {
    return { detachedFrom: [...detachedFrom, ...rolesIn(remainingSteps, "attachedAgain")], handedOverClusterArns };
}

/**
 * The node roles as the last update left them, for the next one.
 *
 * In an update to another role, the credential guard attaches the policies again before the service account gets that role. So a node role
 * that it found without them holds them again because of this stack, and not because of another cluster's.
 */
export function leftBefore(
    { isAnotherRole, handedOverClusterArns, ...left }: FormerDetachment,
    { foundDetached = [] }: Pick<HandOverRecord, "foundDetached">,
): LeftNodeRoles {
    const before = leftNodeRoles(left, handedOverClusterArns);
    const ours = isAnotherRole ? foundDetached : [];
    return { ...before, detachedFrom: before.detachedFrom.filter((name) => !ours.includes(name)) };
}
