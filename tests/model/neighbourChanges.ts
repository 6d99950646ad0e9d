/** What the owners of other clusters, of node pools and of other DaemonSets do, at any moment. */
import { installSecond, removeOthers, restartOthers } from "./otherPods";
import { addNode } from "./ownNodeRoles";
import type { ModelWorld } from "./world";

export type NeighbourChange =
    /** The owners of the other clusters give their pods the role that an update has made for them. */
    | { readonly kind: "otherClustersTakeTheRole" }
    /** A node pool is scaled to zero, and up again. */
    | { readonly kind: "poolScaled"; readonly role: "a" | "b" | "c"; readonly up: boolean }
    | { readonly kind: "secondInstalled"; readonly serviceAccount: "aws-node" | "another" }
    | { readonly kind: "othersRestarted" | "othersRemoved" };

const KINDS: readonly string[] = [
    "otherClustersTakeTheRole",
    "poolScaled",
    "secondInstalled",
    "othersRestarted",
    "othersRemoved",
] satisfies NeighbourChange["kind"][];

export function isNeighbourChange(fault: { readonly kind: string }): fault is NeighbourChange {
    return KINDS.includes(fault.kind);
}

export function injectNeighbourChange(world: ModelWorld, change: NeighbourChange): void {
    world.note(`** ${Object.values(change).join(" ")}`);
    switch (change.kind) {
        case "otherClustersTakeTheRole":
            if (world.elsewhere.take(world)) {
                world.note("** pods of other clusters carry the role");
            }
            break;
        case "poolScaled":
            scale(world, change.role, change.up);
            break;
        case "secondInstalled":
            installSecond(world, change.serviceAccount);
            break;
        case "othersRestarted":
            restartOthers(world);
            break;
        case "othersRemoved":
            removeOthers(world);
    }
    if (world.others.carriers.length > 0) {
        world.note("** pods of another DaemonSet carry the role");
    }
}

/** One node of another role stays: without nodes, no canary can show that a role does not work. */
function scale(world: ModelWorld, role: string, up: boolean): void {
    const [mine, others] = [true, false].map((own) => world.nodes.filter((node) => (node.role === role) === own));
    if (up && mine?.length === 0) {
        addNode(world, role);
    }
    if (!up && others !== undefined && others.length > 0) {
        mine?.forEach((node) => world.lose(node));
    }
}
