import * as fc from "fast-check";
import { assertCatches } from "../../../model/assertCatches";
import { assertHolds } from "../../../model/assertHolds";
import type { Resources } from "../../../model/engine";
import { foundBefore } from "../../../model/foundBefore";
import type { Scenario } from "../../../model/modelRun";
import {
    detachesEarly,
    doesNotAwaitIam,
    forgetsTheRecord,
    ignoresTheAddOn,
    movesTheNewestRoleOnly,
    neverWidens,
    removesTheGuardFirst,
    trustsTheGuardsObjects,
} from "../../../model/plantedBugs";
import { scenario } from "../../../model/scenarios";

/**
 * The maximum number of histories. MODEL_RUNS=5000 runs more, and different ones each time. The short run always plays the same
 * ones. MODEL_SEED and MODEL_PATH repeat one that failed.
 */
const RUNS = Number(process.env["MODEL_RUNS"] ?? 150);
const AT_MOST_MILLISECONDS = process.env["MODEL_RUNS"] === undefined ? 15_000 : undefined;

const SEED = process.env["MODEL_SEED"] ?? (process.env["MODEL_RUNS"] === undefined ? "20261125" : undefined);

/** Enough histories to find each planted bug. They are the same each time. */
const BUG_HUNT = { numRuns: 2000, endOnFailure: true };

describe("Hand-over and hand-back on a model of cluster and account", function () {
    this.timeout(0);

    it("leave no running pod without a path, and reach their goals, whatever happens", async () => {
        const path = process.env["MODEL_PATH"];
        await fc.assert(
            fc.asyncProperty(scenario, (of) => assertHolds(of)),
            {
                numRuns: RUNS,
                examples: foundBefore.map((found): [Scenario] => [found]),
                ...(AT_MOST_MILLISECONDS === undefined ? {} : { interruptAfterTimeLimit: AT_MOST_MILLISECONDS }),
                ...(SEED === undefined ? {} : { seed: Number(SEED) }),
                ...(path === undefined ? {} : { path }),
            },
        );
    });

    /** The last one is a seed that finds the bug early. */
    const bugs: [string, Resources, RegExp, number?][] = [
        ["detaches before the verification", detachesEarly, /has no path: it carries the node role/, 3],
        ["forgets a record", forgetsTheRecord, /has no path: it carries arn:/],
        [
            "removes the injection guard first on the way back",
            removesTheGuardFirst,
            /has no path: it carries the node role/,
        ],
        ["moves pods before IAM enforces their policies", doesNotAwaitIam, /has no path: it carries the node role/],
        ["detaches before the guard works", trustsTheGuardsObjects, /has no path: it carries the node role/],
        ["never widens the injection guard", neverWidens, /the hand-over is not reached/],
        [
            "does not ask for the add-on's role",
            ignoresTheAddOn,
            /is detached from . while the add-on has another role/,
            18,
        ],
        ["moves the pods of the newest role only", movesTheNewestRoleOnly, /has no path: it carries arn:/],
    ];
    for (const [what, resources, problem, seed = 2] of bugs) {
        it(`catch a product that ${what}`, () => assertCatches(scenario, resources, problem, { ...BUG_HUNT, seed }));
    }
});
