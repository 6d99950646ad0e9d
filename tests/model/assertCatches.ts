import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { assertHolds } from "./assertHolds";
import type { Resources } from "./engine";
import type { Scenario } from "./modelRun";

/** Plays histories with a product that has a planted bug, and fails if none of them shows this problem. */
export async function assertCatches(
    scenarios: fc.Arbitrary<Scenario>,
    resources: Resources,
    problem: RegExp,
    hunt: fc.Parameters<[Scenario]>,
): Promise<void> {
    const { failed, errorInstance } = await fc.check(
        fc.asyncProperty(scenarios, (of) => assertHolds(of, resources)),
        hunt,
    );
    assert.ok(failed);
    assert.match(String(errorInstance), problem);
}
