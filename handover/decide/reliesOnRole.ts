import { carriesAnyOf } from "../model/carriedRole";
import type { HandOverRecord } from "../model/record";
import type { NodeRoleSeen, World } from "../model/world";
import { holdsPermissions } from "./nodeRolePolicies";

/** Whether pods work with the role, and a node role has lost the policies: no pod may go back to the node roles. */
export function reliesOnRole(record: HandOverRecord, { cluster, account }: World, roleArn: string): boolean {
    const works = cluster.pods.some((pod) => pod.ready && carriesAnyOf(pod, [roleArn]));
    return works && account.nodeRoles.some((role) => isDetached(record, role));
}

/**
 * A recorded policy that its owner has taken away does not count, if the node role holds another one. One that another cluster's run had
 * detached before this component saw the role counts.
 */
export function isDetached({ nodeRolePolicies, detachedBefore }: HandOverRecord, role: NodeRoleSeen): boolean {
    const recorded = [...(nodeRolePolicies[role.name] ?? []), ...(detachedBefore?.[role.name] ?? [])];
    return role.exists && recorded.length > 0 && !holdsPermissions(role, recorded);
}
