/** Healthy fleets and accounts that are never as quiet as the end of a history: what an operator cannot change, or need not. */
import { addNode } from "../model/ownNodeRoles";
import { ENFORCEMENT_MILLISECONDS, type ModelWorld } from "../model/world";
import type { SimulatedAccount } from "./account";
import { injectEvent } from "./events";

/** `notReadyNode`: until the hand-back is reached, which the operator wants first. The programs set maxNotReadyNodes to 1. */
export const LASTING = [
    "churn",
    "deniedRegion",
    "instanceThatNeverJoins",
    "sharedRole",
    "sharedRoleInDeniedRegion",
    "instanceShuttingDown",
    "notReadyNode",
] as const;
export type Lasting = (typeof LASTING)[number];

/** Longer than all runs towards the goals. */
const FOR_SECONDS = 3600;

/** After it has joined: a second after IAM enforces what its owner attaches first. */
const SERVES_AFTER_MILLISECONDS = 6000;
/** Longer than most runs, and shorter than their limits. */
const SHUTS_DOWN_FOR_MILLISECONDS = 120_000;

export function beginLasting(world: ModelWorld, account: SimulatedAccount, lasting: readonly Lasting[]): void {
    const [role = "a"] = world.nodeRoles;
    const begin: Record<Lasting, () => void> = {
        churn: () => {
            const rate = { everySeconds: 3, livesSeconds: 60, forSeconds: FOR_SECONDS };
            world.mostNodes = Infinity;
            injectEvent(world, account, { kind: "churn", ...rate });
        },
        deniedRegion: () => injectEvent(world, account, { kind: "regionDenied", region: "us-east-1" }),
        instanceThatNeverJoins: () =>
            injectEvent(world, account, { kind: "instanceLaunched", which: 0, joinsAfter: FOR_SECONDS * 1000 }),
        sharedRole: () => account.startElsewhere(role, "eu-central-1"),
        sharedRoleInDeniedRegion: () => {
            account.startElsewhere(role, "us-east-1");
            account.startElsewhere(role, "us-east-1");
            injectEvent(world, account, { kind: "regionDenied", region: "us-east-1" });
        },
        // A run waits for it: its pods may use the node role until it has stopped.
        instanceShuttingDown: () => {
            addNode(world, role);
            world.advance(ENFORCEMENT_MILLISECONDS + SERVES_AFTER_MILLISECONDS);
            injectEvent(world, account, {
                kind: "instanceTerminated",
                which: world.nodes.length - 1,
                shutsDownFor: SHUTS_DOWN_FOR_MILLISECONDS,
            });
        },
        notReadyNode: () => {
            const [, node] = world.nodes;
            if (node !== undefined) {
                world.setReady(node, false);
            }
        },
    };
    lasting.forEach((one) => {
        world.note(`** lasting ${one}`);
        begin[one]();
    });
}
