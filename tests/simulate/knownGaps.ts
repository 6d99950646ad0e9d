/**
 * Healthy fleets that do not get through yet: random histories leave them out. A gap that no longer shows its problem has to leave this list,
 * and random histories play it from then on.
 */
import { LASTING, type Lasting } from "./lasting";
import type { Simulation } from "./play";

export interface KnownGap {
    readonly lasting: Lasting;
    readonly title: string;
    readonly simulation: Simulation;
    readonly problem: RegExp;
}

const BOTH = ["a", "b"];

/** Nothing happens before the operator's first command. */
const healthy = (...lasting: Lasting[]): Simulation => ({
    nodes: ["a", "b"],
    strategy: "RollingUpdate",
    turns: [],
    last: { roleName: "cni", detachFromNodeRoles: BOTH },
    lasting,
});

export const KNOWN_GAPS: readonly KnownGap[] = [
    {
        lasting: "notReadyNode",
        title: "a destroy beside a node that stays NotReady, without maxNotReadyNodes",
        simulation: {
            ...healthy("notReadyNode"),
            turns: [
                {
                    operation: { do: "up", refresh: false, program: { roleName: "cni", detachFromNodeRoles: BOTH } },
                    faults: [],
                    killedAt: undefined,
                },
            ],
            wants: "handBack",
        },
        problem: /the hand-back is not reached: \[time-limit\]/,
    },
];

/** What the random histories leave as it is. */
export const PLAYED_LASTING: readonly Lasting[] = LASTING.filter(
    (one) => !KNOWN_GAPS.some(({ lasting }) => lasting === one),
);
