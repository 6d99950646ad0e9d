import type { HandOverRecord } from "../model/record";
import type { Memory } from "../model/steps";
import type { NodeRoleSeen, World } from "../model/world";
import { SHOWN_AFTER_MILLISECONDS } from "./giveBack";
import { bootGap } from "./nodeBoot";
import { NodeRoleTarget, policiesToDetach, rolesOf } from "./nodeRolePolicies";

/** Which policies to detach from node roles that other clusters may use as well. */
export interface SharingTarget extends NodeRoleTarget {
    /** The other clusters whose pods no longer need the node roles, as the program says. Missing: none. */
    readonly handedOverClusterArns?: readonly string[];
    /** How the last finished update left the node roles. Missing if there was none. */
    readonly leftBefore?: LeftNodeRoles;
}

/** The node roles as the last finished update left them. */
export interface LeftNodeRoles {
    /** Those without their policies, and those whose policies another run had attached again. */
    readonly detachedFrom: readonly string[];
    /** The clusters that the program of that update named. */
    readonly handedOverClusterArns: readonly string[];
}

/**
 * Why a listed node role keeps its policies: other clusters use it, they are attached again after a detachment, its nodes could not boot without
 * them, or the role of the plugin may lack permissions that its start does not use.
 */
export type WhyKept = "usedElsewhere" | "attachedAgain" | "neededToBoot" | "unproved";

/** Whether instances outside this cluster run with the role. */
export function isShared({ instancesElsewhere }: Pick<NodeRoleSeen, "instancesElsewhere">): boolean {
    return instancesElsewhere.length > 0;
}

/** The ARNs of the clusters that share a role, as far as the tags of their instances name them. */
export function clustersSharing(role: NodeRoleSeen): string[] {
    return [...new Set(role.instancesElsewhere.flatMap((instance) => clustersOf(role, instance)))].sort();
}

/** The instances elsewhere whose tags name no cluster. */
export function instancesOfNoCluster(role: NodeRoleSeen): string[] {
    return role.instancesElsewhere.filter((instance) => clustersOf(role, instance).length === 0);
}

function clustersOf({ clustersElsewhere = {} }: NodeRoleSeen, instance: string): readonly string[] {
    return clustersElsewhere[instance] ?? [];
}

/** The clusters that share a role, and that the program does not name as handed over. */
export function notHandedOver(
    { handedOverClusterArns = [] }: Pick<SharingTarget, "handedOverClusterArns">,
    role: NodeRoleSeen,
): string[] {
    return clustersSharing(role).filter((arn) => !handedOverClusterArns.includes(arn));
}

/**
 * Why a node role keeps the policies that it holds. Undefined: they may be detached.
 *   a. Another cluster uses the role, and the program does not name it as handed over. Its pods cannot be seen from here.
 *   b. The policies were detached, and are attached again. A run of another cluster attaches them as it hands back, and then its pods need
 *      them, whatever the program here still says. So a cluster's name counts for one detachment. It counts again after an update without
 *      it. This holds also while no instance of that cluster is seen: it may have none for now, or be in a region that is not looked at.
 *      It holds also if this run has attached them itself: a hand-back that has found them attached since leaves no trace.
 *   c. Nothing that stays lets a node boot. A first update is refused before anything moves. Later the pods have the role already, and a
 *      refusal would stop a repair.
 *   d. Nothing decides whether the role of the plugin may make the writing calls that its start does not make.
 */
export function whyKept(
    target: SharingTarget,
    role: NodeRoleSeen,
    world: Pick<World, "account" | "cluster" | "at">,
    memory: Memory,
): WhyKept | undefined {
    if (policiesToDetach(role).length === 0) {
        return undefined;
    }
    if (notHandedOver(target, role).length + instancesOfNoCluster(role).length > 0) {
        return "usedElsewhere";
    }
    if (isAttachedAgain(target, role) || (isShared(role) && isAttachedSince(memory, world.at))) {
        return "attachedAgain";
    }
    if (bootGap(role, world) !== undefined) {
        return "neededToBoot";
    }
    return world.account.undecidedActions === undefined ? undefined : "unproved";
}

function isAttachedAgain({ leftBefore, handedOverClusterArns = [] }: SharingTarget, role: NodeRoleSeen): boolean {
    return (
        leftBefore !== undefined &&
        leftBefore.detachedFrom.includes(role.name) &&
        handedOverClusterArns.some((arn) => leftBefore.handedOverClusterArns.includes(arn))
    );
}

/** Whether the policies are attached after this run has detached them. IAM may also show the former state, for a while. */
function isAttachedSince({ detachedAt }: Memory, at: number): boolean {
    return detachedAt !== undefined && at - detachedAt >= SHOWN_AFTER_MILLISECONDS;
}

/** The listed node roles that keep their policies. */
export function rolesKept(
    target: SharingTarget,
    world: Pick<World, "account" | "cluster" | "at">,
    memory: Memory,
): { readonly role: NodeRoleSeen; readonly why: WhyKept }[] {
    const { detachFromNodeRoles = [] } = target;
    return world.account.nodeRoles
        .filter(({ name, exists }) => exists && detachFromNodeRoles.includes(name))
        .flatMap((role) => {
            const why = whyKept(target, role, world, memory);
            return why === undefined ? [] : [{ role, why }];
        });
}

/**
 * The node roles of clusters that the program named as handed over and no longer does. They get their policies back: the word on which these
 * were detached is withdrawn.
 */
export function rolesOfWithdrawn(
    {
        before = [],
        now = [],
    }: { readonly before?: readonly string[] | undefined; readonly now?: readonly string[] | undefined },
    nodeRoles: readonly NodeRoleSeen[],
): string[] {
    const withdrawn = before.filter((arn) => !now.includes(arn));
    return nodeRoles
        .filter((role) => role.exists && clustersSharing(role).some((arn) => withdrawn.includes(arn)))
        .map(({ name }) => name);
}

/** The warnings of a hand-back: from now on the pods here need the permissions of these node roles, which other clusters share. */
export function sharingWarnings({ namedNodeRoles }: HandOverRecord, { account, cluster }: World): string[] {
    const ofNodes = rolesOf(cluster.nodes, account);
    return account.nodeRoles
        .filter((role) => role.exists && (ofNodes.includes(role) || namedNodeRoles.includes(role.name)))
        .filter((role) => clustersSharing(role).length > 0)
        .map(
            (role) =>
                `warning: from now on the pods of this cluster need the node role ${role.name}, which also serves ${clustersSharing(role).join(", ")}. ` +
                "If a program there lists this cluster in handedOverClusterArns, remove it there before the next pulumi up",
        );
}
