/** Random sequences in an account with instances that never join, or join late, and with nodes of other kinds. */
import * as fc from "fast-check";
import type { Happening, Scenario, Turn } from "./modelRun";
import type { InstanceChange } from "./otherInstances";
import { nodeRole } from "./ownerChanges";
import { scenario } from "./scenarios";

const change: fc.Arbitrary<InstanceChange> = fc.oneof(
    {
        arbitrary: fc.record({
            kind: fc.constant("instanceLaunched" as const),
            role: nodeRole,
            state: fc.constantFrom("pending" as const, "running" as const, "stopping" as const, "stopped" as const),
            minutesAgo: fc.constantFrom(0, 1, 60),
        }),
        weight: 3,
    },
    { arbitrary: fc.record({ kind: fc.constant("otherNodeJoins" as const), role: nodeRole }), weight: 2 },
    {
        arbitrary: fc.record({ kind: fc.constantFrom("instanceJoins" as const, "instanceTerminated" as const) }),
        weight: 2,
    },
);

const moment = fc.nat({ max: 160 }).map((quarters) => quarters * 250);
const changes = fc.array(fc.record({ after: moment, fault: change }), { maxLength: 2 });

/** As many as a sequence has turns at most. */
const MOST_TURNS = { minLength: 7, maxLength: 7 };

export const scenarioWithInstances: fc.Arbitrary<Scenario> = fc
    .record({
        of: scenario,
        first: fc.array(change, { minLength: 1, maxLength: 3 }),
        each: fc.array(changes, MOST_TURNS),
    })
    .map(({ of, first, each }) => ({
        ...of,
        turns: of.turns.map((turn, index): Turn => {
            const before = index > 0 ? [] : first.map((fault: Happening) => ({ after: 0, fault }));
            return { ...turn, faults: [...before, ...turn.faults, ...(each[index] ?? [])] };
        }),
    }));
