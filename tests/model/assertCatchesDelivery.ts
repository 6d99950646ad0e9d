import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import type { DeliveryScenario } from "./addOnRun";
import { assertDelivers } from "./assertDelivers";
import type { Resources } from "./engine";

/** Enough histories to find each planted bug. They are the same each time. */
const HUNT = { seed: 1, numRuns: 800, endOnFailure: true };

/** Plays histories with a product that has a planted bug, and fails if none of them shows this problem. */
export async function assertCatchesDelivery(
    scenarios: fc.Arbitrary<DeliveryScenario>,
    resources: Resources,
    problem: RegExp,
): Promise<void> {
    const { failed, errorInstance } = await fc.check(
        fc.asyncProperty(scenarios, (of) => assertDelivers(of, resources)),
        HUNT,
    );
    assert.ok(failed);
    assert.match(String(errorInstance), problem);
}
