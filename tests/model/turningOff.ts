/** Random updates that turn the live checks off, on top of a random sequence. */
import * as fc from "fast-check";
import type { Operation, Scenario } from "./modelRun";
import { scenario } from "./scenarios";

const replacement: fc.Arbitrary<Operation | undefined> = fc.oneof(
    fc.record({ do: fc.constant("turnOff" as const), refresh: fc.boolean() }),
    fc.constant(undefined),
);

/** As many as a sequence has turns at most. */
const MOST_TURNS = { minLength: 7, maxLength: 7 };

export const scenarioWithTurningOff: fc.Arbitrary<Scenario> = fc
    .record({ of: scenario, each: fc.array(replacement, MOST_TURNS) })
    .map(({ of, each }) => ({
        ...of,
        turns: of.turns.map((turn, index) => ({ ...turn, operation: each[index] ?? turn.operation })),
    }));
