/** Commands with options that cost pods their path, or that lose a record: notPlayed.ts keeps them out of the random runs. */
import type { Flags } from "./engineFlags";
import type { Fault } from "./faults";
import type { Scenario, Turn } from "./modelRun";

const BOTH = ["a", "b"];

function up(roleName: string, of: Flags = {}, killedAt?: number): Turn {
    const program = { roleName, detachFromNodeRoles: BOTH, generatedName: true };
    return {
        operation: { do: "up", refresh: false, program, flags: { ...of, isKnownGap: true } },
        faults: [],
        killedAt,
    };
}

function upWithoutNodeRoles(roleName: string): Turn {
    const program = { roleName, detachFromNodeRoles: undefined, generatedName: true };
    return { operation: { do: "up", refresh: false, program }, faults: [], killedAt: undefined };
}

const during = (turn: Turn, ...faults: Fault[]): Turn => ({
    ...turn,
    faults: faults.map((fault) => ({ after: 0, fault })),
});

const of = (...turns: Turn[]): Scenario => ({
    nodes: ["a"],
    strategy: "RollingUpdate",
    turns,
    last: { roleName: "cni", detachFromNodeRoles: BOTH, generatedName: true },
});

const carriesARole = /has no path: it carries arn:/;

/** The title of each, its turns, and the problem. */
export const knownGaps: readonly (readonly [string, Scenario, RegExp])[] = [
    [
        "--exclude of the guard in the update that first names the node roles",
        {
            ...of(upWithoutNodeRoles("cni"), up("cni", { exclude: ["guard"] })),
            last: { roleName: "cni", detachFromNodeRoles: undefined, generatedName: true },
        },
        /the hand-over is not reached: the policies of a, b are not as expected/,
    ],
    [
        "--replace of the guard for a role that fails, after a first update that was killed before its canary",
        of(up("bad", {}, 30), up("bad", { replace: ["guard"] })),
        /the failed canary of \S+ was not reverted/,
    ],
    [
        "--replace of the guard with --continue-on-error, after an annotation was wiped, while a former role is still there",
        of(
            up("cni"),
            during(up("bad", {}, 1), { kind: "annotationWiped" }),
            during(
                up("cni", { replace: ["guard"], continueOnError: true }),
                { kind: "webhookDown" },
                { kind: "nodeJoins", role: "a" },
            ),
        ),
        carriesARole,
    ],
];
