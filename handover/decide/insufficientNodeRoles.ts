import type { HandOverRecord } from "../model/record";
import type { NodeRoleSeen, World } from "../model/world";
import { withoutLeaving } from "./leaving";
import { holdsPermissions, rolesOf } from "./nodeRolePolicies";

/**
 * The roles of the nodes on which a pod without a role of its own would have no path. A recorded policy that is attached counts as sufficient. No pod
 * restarts on a node whose instance is about to end.
 */
export function insufficientNodeRoles(
    { nodeRolePolicies }: Pick<HandOverRecord, "nodeRolePolicies">,
    world: World,
): NodeRoleSeen[] {
    return rolesOf(withoutLeaving(world).cluster.nodes, world.account).filter(
        (role) => !holdsPermissions(role, nodeRolePolicies[role.name] ?? []),
    );
}
