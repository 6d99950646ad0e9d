import type { AccountSeen, NodeRoleSeen } from "../model/world";
import { type InstanceSeen, leavingState } from "./instances";

/** The instances that a look has to read if an earlier one is known: those that it did not have, or of which EC2 showed no role. */
export function newInstances(ids: readonly string[], { roleOfInstance, leavingInstances = {} }: AccountSeen): string[] {
    return ids.filter((id) => roleOfInstance[id] === undefined && leavingInstances[id] === undefined);
}

/** The facts of a look about instances, by their IDs. */
export type InstanceFacts = Pick<AccountSeen, "roleOfInstance" | "networkOfInstance" | "leavingInstances">;

export function instanceFacts(
    roleOfInstance: AccountSeen["roleOfInstance"],
    instances: readonly InstanceSeen[],
): InstanceFacts {
    const leaving = instances.flatMap((instance) => {
        const state = leavingState(instance);
        return state === undefined ? [] : [[instance.id, state] as const];
    });
    return {
        roleOfInstance,
        networkOfInstance: Object.fromEntries(instances.map(({ id, network }) => [id, network])),
        ...(leaving.length === 0 ? {} : { leavingInstances: Object.fromEntries(leaving) }),
    };
}

/**
 * An earlier look, for the instances that the cluster's nodes have now. Undefined if one of the new instances has a role that the earlier look did
 * not read.
 */
export function withNewInstances(
    earlier: AccountSeen,
    ids: readonly string[],
    seen: InstanceFacts,
): AccountSeen | undefined {
    const roles = new Set(earlier.nodeRoles.map(({ name }) => name));
    const joined = Object.entries(seen.roleOfInstance).filter(([, role]) => role !== undefined);
    if (joined.some(([, role = ""]) => !roles.has(role))) {
        return undefined;
    }
    const merged = {
        roleOfInstance: { ...earlier.roleOfInstance, ...seen.roleOfInstance },
        networkOfInstance: { ...earlier.networkOfInstance, ...seen.networkOfInstance },
        leavingInstances: { ...earlier.leavingInstances, ...seen.leavingInstances },
    };
    return {
        ...earlier,
        reused: true,
        ...forInstances(merged, ids),
        nodeRoles: earlier.nodeRoles.map((role) => {
            const more = joined.flatMap(([id, name]) => (name === role.name ? [id] : []));
            return more.length === 0 ? role : withJoined(role, more);
        }),
    };
}

/** These instances were in the account before, and are nodes of the cluster now, whatever their tags name. */
function withJoined({ unjoined = [], ...role }: NodeRoleSeen, ids: readonly string[]): NodeRoleSeen {
    const left = unjoined.filter(({ id }) => !ids.includes(id));
    return {
        ...role,
        instancesOfCluster: [...new Set([...role.instancesOfCluster, ...ids])].sort(),
        ...(left.length === 0 ? {} : { unjoined: left }),
        instancesElsewhere: role.instancesElsewhere.filter((one) => !ids.some((id) => one.endsWith(`/${id}`))),
    };
}

function forInstances(facts: InstanceFacts, ids: readonly string[]): InstanceFacts {
    const wanted = new Set(ids);
    const pick = <T>(of: Readonly<Record<string, T>> = {}) =>
        Object.fromEntries(Object.entries(of).filter(([id]) => wanted.has(id)));
    return {
        roleOfInstance: pick(facts.roleOfInstance),
        networkOfInstance: pick(facts.networkOfInstance),
        leavingInstances: pick(facts.leavingInstances),
    };
}
