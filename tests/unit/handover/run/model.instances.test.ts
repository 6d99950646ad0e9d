import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { assertCatches } from "../../../model/assertCatches";
import { assertHolds } from "../../../model/assertHolds";
import type { Resources } from "../../../model/engine";
import { churningWithInstances, scenarioWithInstances } from "../../../model/instances";
import { awaitsEachInstance, forgetsOtherNodes } from "../../../model/plantedInstanceBugs";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 40),
    ...(MODEL_RUNS === undefined ? { seed: 20261203 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

/** Enough histories to find each planted bug. They are the same each time. */
const BUG_HUNT = { seed: 2, numRuns: 400, endOnFailure: true };

const OCCURS = [
    /instanceLaunched [ab] stopped/,
    /instanceLaunched [ab] running/,
    /otherNodeJoins/,
    /instanceJoins/,
    /need not join: i-other/,
];

describe("Instances that never join, and nodes of other kinds, on the model", function () {
    this.timeout(0);

    const seen = new Set<string>();

    it("cost no pod its path, and hold up neither the hand-over nor the hand-back", async () => {
        await fc.assert(
            fc.asyncProperty(scenarioWithInstances, (of) => assertHolds(of, undefined, seen)),
            PARAMETERS,
        );
    });

    it("hold up no run on a fleet that never stands still", () =>
        fc.assert(
            fc.asyncProperty(churningWithInstances, (of) => assertHolds(of)),
            { ...PARAMETERS, ...(MODEL_RUNS === undefined ? { numRuns: 15, interruptAfterTimeLimit: 10_000 } : {}) },
        ));

    it("occur in these runs", () => {
        const kinds = [...seen];
        assert.deepEqual(
            OCCURS.filter((pattern) => !kinds.some((kind) => pattern.test(kind))),
            [],
        );
    });

    const bugs: [string, Resources, RegExp][] = [
        ["takes nodes of other kinds for another cluster's", forgetsOtherNodes, /the hand-over is not reached/],
        ["waits for each instance", awaitsEachInstance, /the hand-over is not reached/],
    ];
    for (const [what, resources, problem] of bugs) {
        it(`are what catches a product that ${what}`, () =>
            assertCatches(scenarioWithInstances, resources, problem, BUG_HUNT));
    }

    it("are what catches a product that waits for each instance of such a fleet", () =>
        assertCatches(churningWithInstances, awaitsEachInstance, /the up fails on a healthy cluster/, BUG_HUNT));
});
