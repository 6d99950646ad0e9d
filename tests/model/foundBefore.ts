import type { Program } from "./engine";
import type { Scenario, Turn } from "./modelRun";

/** Sequences in which a pod once lost its path. Random runs found them; every run plays them again. */
const program = (roleName: string): Program => ({ roleName, detachFromNodeRoles: ["a", "b"] });
const up = (roleName: string, killedAt?: number): Turn => ({
    operation: { do: "up", refresh: false, program: program(roleName) },
    faults: [],
    killedAt,
});
const destroy = (killedAt: number): Turn => ({ operation: { do: "destroy" }, faults: [], killedAt });
const of = (...turns: Turn[]): Scenario => ({ nodes: [], strategy: "RollingUpdate", turns, last: program("cni") });

export const foundBefore: readonly Scenario[] = [
    // A killed canary carries a role that was approved before, and the role before it returns: nothing after the guard differed.
    of(up("next", 24), up("cni"), up("next", 49), up("cni")),
    // A canary fails after a killed destroy: it returned to a role that an earlier update had deleted.
    of(up("cni"), up("next"), destroy(53), up("bad2")),
    // A killed run moved a pod to a former role, and the program returns to the present one.
    ...Array.from({ length: 40 }, (_, index) => of(up("cni"), up("next"), up("cni"), up("next", 3 * index), up("cni"))),
];
