import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { assertHolds } from "../../../model/assertHolds";
import { trustsTheMark } from "../../../model/plantedBugs";
import { scenarioWithTurningOff } from "../../../model/turningOff";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 100),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 15_000, seed: 20261128 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

describe("Updates that turn the live checks off on the model, and kills of them,", function () {
    this.timeout(0);

    it("cost no pod its path, and the live checks can be turned on again", async () => {
        await fc.assert(
            fc.asyncProperty(scenarioWithTurningOff, (of) => assertHolds(of)),
            PARAMETERS,
        );
    });

    it("are what catches a product that trusts the annotation of any run", async () => {
        const { failed, errorInstance } = await fc.check(
            fc.asyncProperty(scenarioWithTurningOff, (of) => assertHolds(of, trustsTheMark)),
            { seed: 7, numRuns: 2000, endOnFailure: true },
        );
        assert.ok(failed);
        assert.match(String(errorInstance), /has no path: it carries arn:/);
    });
});
