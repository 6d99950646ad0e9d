import type { CredentialSource, NodeRoleSeen, World } from "../model/world";
import { rolesOf } from "./nodeRolePolicies";

/**
 * The roles of nodes on which aws-node pods have no path to the CNI's permissions now: the pods use the node role, and it holds no
 * policy that grants any action of the CNI. A program may have taken the policy before the hand-over.
 *
 * A role with a policy that grants a part is left out: several policies together may suffice.
 */
export function rolesWithoutPath({ cluster, account }: World): string[] {
    const onNodeRole = cluster.pods.filter(
        ({ credentials, terminating }) => credentials.kind === "nodeRole" && !terminating,
    );
    const nodes = new Set(onNodeRole.map(({ node }) => node));
    return rolesOf(
        cluster.nodes.filter(({ name }) => nodes.has(name)),
        account,
    )
        .filter(holdsNothing)
        .map(({ name }) => name);
}

function holdsNothing({ exists, cniPolicies, inlineCniPolicies }: NodeRoleSeen): boolean {
    return exists && cniPolicies.length === 0 && inlineCniPolicies.length === 0;
}

/** The AWS SDK does not fall back from a token or from container credentials to the node role. The other pods may use it. */
export function usesNodeRole({ kind }: CredentialSource): boolean {
    return kind !== "webIdentity" && kind !== "containerCredentials";
}

/**
 * Whether a canary on nodes of this role need not be watched beyond Ready: pods wait for the hand-over without a path, and the pods of
 * this role have none to lose.
 */
export function isUrgent(world: World, roleName: string): boolean {
    const role = world.account.nodeRoles.find(({ name }) => name === roleName);
    return role !== undefined && holdsNothing(role) && rolesWithoutPath(world).length > 0;
}

/** The line that the run prints before it goes on. Undefined if every pod has a path. */
export function withoutPathLine(world: World): string | undefined {
    const roles = rolesWithoutPath(world);
    return roles.length === 0
        ? undefined
        : `the aws-node pods on nodes of ${roles.join(", ")} have no path to the CNI's permissions now, since ` +
              `${roles.length === 1 ? "this role holds" : "these roles hold"} no CNI policy: going on at once, since the hand-over gives them one`;
}
