import type { HandOverRecord } from "../model/record";
import type { Memory } from "../model/steps";
import type { NodeRoleSeen, World } from "../model/world";
import { withoutLeaving } from "./leaving";
import { holdsPermissions, rolesOf } from "./nodeRolePolicies";

/**
 * The roles of the nodes on which a pod without a role of its own would have no path, also those that no longer exist. No pod restarts on a node whose
 * instance is about to end.
 *
 * A recorded policy that is attached counts as sufficient: the pods used its permissions before, even if the current plugin needs more. Any other policy
 * counts by its content, and so does each recorded one of a role if the run has found that another one of that role is `gone`.
 */
export function insufficientNodeRoles(
    { nodeRolePolicies }: Pick<HandOverRecord, "nodeRolePolicies">,
    world: World,
    { gone }: Pick<Memory, "gone">,
): NodeRoleSeen[] {
    const trusted = ({ name }: NodeRoleSeen) =>
        gone.some(({ roleName }) => roleName === name) ? [] : (nodeRolePolicies[name] ?? []);
    return rolesOf(withoutLeaving(world).cluster.nodes, world.account).filter(
        (role) => !holdsPermissions(role, trusted(role)),
    );
}
