/** Random updates that turn the live checks off, on top of a random sequence. */
import * as fc from "fast-check";
import type { Scenario } from "./modelRun";
import { scenario } from "./scenarios";

/** Killed early or not at all: most of its calls come before the pods matter. */
const turnedOff = fc.record({
    operation: fc.record({ do: fc.constant("turnOff" as const), refresh: fc.boolean() }),
    killedAt: fc.oneof(fc.constant(undefined), fc.nat({ max: 12 })),
});

/** As many as a sequence has turns at most. */
const MOST_TURNS = { minLength: 7, maxLength: 7 };

export const scenarioWithTurningOff: fc.Arbitrary<Scenario> = fc
    .record({ of: scenario, each: fc.array(fc.oneof(turnedOff, fc.constant({})), MOST_TURNS) })
    .map(({ of, each }) => ({ ...of, turns: of.turns.map((turn, index) => ({ ...turn, ...each[index] })) }));
