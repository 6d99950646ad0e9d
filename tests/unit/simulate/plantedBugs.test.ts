import * as assert from "node:assert/strict";
import { playBatch } from "../../simulate/batch";
import { PLANTED_BUGS } from "../../simulate/plantedBugs";

/** Enough histories to find each planted bug. */
const MOST_RUNS = 2000;
/** They are the same each time. MODEL_SEED selects others. */
const SEED = Number(process.env["MODEL_SEED"] ?? 17);

describe("Random histories of the simulation", function () {
    this.timeout(0);

    for (const { about, title, resources, problem } of PLANTED_BUGS) {
        it(`catch a product that ${title} (${about})`, async () => {
            const { violation, runs } = await playBatch({
                seed: SEED,
                runs: MOST_RUNS,
                resources,
                problem,
                first: true,
            });
            assert.ok(violation !== undefined, `${String(runs)} histories do not show the bug`);
            assert.match(violation.problems.join("\n"), problem);
        });
    }
});
