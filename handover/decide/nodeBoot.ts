import { bootObstacles, type BootObstacles } from "../../documents/nodeBoot";
import { INTERFACE_ACTIONS } from "../../documents/cniActions";
import { lostGrants } from "../../documents/lostGrants";
import { list, member } from "../../documents/json";
import type { NodeRoleSeen, World } from "../model/world";
import { cniPolicyArns } from "../model/record";

/**
 * Why the nodes of a role could not boot without the policies that leave it. Undefined if they could.
 *
 * It compares what stays, whatever the role allows now: a node that runs needs the call no more, so that only the next one would show it.
 */
export function bootGap(role: NodeRoleSeen, world: Pick<World, "account" | "cluster">): BootObstacles | undefined {
    const { policies, boundary } = role;
    return policies === undefined || areNamedByInstance(role, world)
        ? undefined
        : bootObstacles(policies.filter(stays(role)), boundary);
}

/** The actions that a role loses with the policies that leave it, and that others than the plugin may use. */
export function lostByOthers(role: NodeRoleSeen): string[] {
    const { policies = [] } = role;
    const lost = lostGrants(together(policies), together(policies.filter(stays(role))));
    return lost.filter((action) => !PLUGIN_ALONE.includes(action.toLowerCase())).sort();
}

/** Nodes read tags and interfaces for other purposes, too. */
const PLUGIN_ALONE = [...INTERFACE_ACTIONS, "ec2:CreateTags"].map((action) => action.toLowerCase());

function stays(role: NodeRoleSeen): (policy: { readonly name: string }) => boolean {
    const leaving = cniPolicyArns(role);
    return ({ name }) => !leaving.includes(name);
}

function together(policies: NonNullable<NodeRoleSeen["policies"]>): unknown {
    return { Statement: policies.flatMap(({ document }) => list(member(document, "Statement"))) };
}

/**
 * Whether all nodes of a role have the ID of their instance as their name: these do not call ec2:DescribeInstances. A role without nodes has none that says
 * it, and those of another cluster cannot be seen.
 */
function areNamedByInstance(
    { name: roleName, instancesOfCluster, instancesElsewhere }: NodeRoleSeen,
    { account: { roleOfInstance }, cluster: { nodes, otherNodes = [] } }: Pick<World, "account" | "cluster">,
): boolean {
    const isOfRole = (instanceId = "") =>
        instancesOfCluster.includes(instanceId) || roleOfInstance[instanceId] === roleName;
    const ofRole = [...nodes, ...otherNodes].filter(({ instanceId }) => isOfRole(instanceId));
    return (
        instancesElsewhere.length === 0 && ofRole.length > 0 && ofRole.every(({ name }) => /^i-[0-9a-f]+$/.test(name))
    );
}
