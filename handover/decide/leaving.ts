import type { LeavingState, NodeSeen, World } from "../model/world";

/** The state that EC2 shows of a node's instance, if that does not come back. Undefined if it stays. */
export function leavingState({ instanceId }: NodeSeen, { account }: Pick<World, "account">): LeavingState | undefined {
    return account.leavingInstances?.[instanceId ?? ""];
}

/** The same world without nodes whose instance is terminated, and without their pods, which no longer run although the API still has them. */
export function withoutTerminated(world: World): World {
    return without(world, (state) => state === "terminated");
}

/** The same world, also without nodes whose instance is being terminated: nothing restarts there, and no run waits for it. */
export function withoutLeaving(world: World): World {
    return without(world, () => true);
}

function without(world: World, goes: (state: LeavingState) => boolean): World {
    const { cluster, account } = world;
    if (account.leavingInstances === undefined) {
        return world;
    }
    const gone = cluster.nodes.filter((node) => {
        const state = leavingState(node, world);
        return state !== undefined && goes(state);
    });
    const names = new Set(gone.map(({ name }) => name));
    return {
        ...world,
        cluster: {
            ...cluster,
            nodes: cluster.nodes.filter(({ name }) => !names.has(name)),
            pods: cluster.pods.filter(({ node }) => !names.has(node)),
        },
    };
}
