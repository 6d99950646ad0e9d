/** How the owner of the plugin changes its DaemonSet between two commands of the operator. */
import type { Program } from "./engine";
import { AWS_NODE } from "./cniRole";
import { changeServiceAccount, renameDaemonSet } from "./otherPods";
import { ENFORCEMENT_MILLISECONDS, type ModelWorld } from "./world";

export type Move = "daemonSetRenamed" | "serviceAccountChanged";

const ROLLOUT_MILLISECONDS = 20_000;

/** The owner does it only if it costs no pod its path: new pods use the node role then, or the injection guard refuses them. */
export function make(world: ModelWorld, move: Move): void {
    world.advance(ENFORCEMENT_MILLISECONDS + 1000);
    // A node may join any of the pools.
    const mayUseNodeRoles = world.nodeRoles.every((role) => world.isAttached(role));
    if (move === "serviceAccountChanged" && mayUseNodeRoles) {
        world.note(`** ${move}`);
        changeServiceAccount(world);
    }
    if (move === "daemonSetRenamed" && (mayUseNodeRoles || !world.admits(undefined))) {
        world.note(`** ${move}`);
        renameDaemonSet(world);
    }
    world.advance(ROLLOUT_MILLISECONDS);
}

/** The program, with the names that the DaemonSet and its service account have now, if it follows them. */
export function following(world: ModelWorld, program: Program): Program {
    const { follows, ...rest } = program;
    return follows ? named(world, rest) : rest;
}

export function named({ serviceAccountName, daemonSetName }: ModelWorld, program: Program): Program {
    return {
        ...withoutArguments(program, ["serviceAccountName", "daemonSetName"]),
        ...(serviceAccountName === AWS_NODE ? {} : { serviceAccountName }),
        ...(daemonSetName === AWS_NODE ? {} : { daemonSetName }),
    };
}

export function withoutArguments<K extends keyof Program>(program: Program, names: readonly K[]): Omit<Program, K> {
    const left = Object.entries(program).filter(([name]) => !names.includes(name as K));
    return Object.fromEntries(left) as unknown as Omit<Program, K>;
}
