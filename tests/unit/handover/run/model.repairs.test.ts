import * as fc from "fast-check";
import { assertCatches } from "../../../model/assertCatches";
import { assertHolds } from "../../../model/assertHolds";
import type { Resources } from "../../../model/engine";
import type { Scenario } from "../../../model/modelRun";
import {
    awaitsSilentNodes,
    beginsWithAWave,
    countsSilentNodes,
    provesBeforeItTakesBack,
    stopsAtTheFirstThatDoesNotStart,
    stopsTheHandBackAtAFlip,
    takesFlipsForFailures,
    takesTheRoleAwayUnderTheGuard,
} from "../../../model/plantedRepairBugs";
import { besideNotReady, failingWaves, flipping, guardedRepairs, plainRepairs } from "../../../model/repairs";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED, MODEL_PATH } = process.env;
const parameters = (numRuns: number) => ({
    numRuns: Number(MODEL_RUNS ?? numRuns),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 15_000, seed: 20261202 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
    ...(MODEL_PATH === undefined ? {} : { path: MODEL_PATH }),
});

/** Enough histories to find each planted bug. They are the same each time. */
const BUG_HUNT = { seed: 2, numRuns: 400, endOnFailure: true };

interface Kind {
    readonly title: string;
    readonly scenarios: fc.Arbitrary<Scenario>;
    readonly numRuns: number;
    readonly bugs: readonly [what: string, resources: Resources, problem: RegExp][];
}

const KINDS: readonly Kind[] = [
    {
        title: "Repairs of a finished hand-over, with the injection guard in force,",
        scenarios: guardedRepairs,
        numRuns: 60,
        bugs: [
            [
                "takes the role away under the guard",
                takesTheRoleAwayUnderTheGuard,
                /the injection guard refuses every new pod: the service account has no role/,
            ],
        ],
    },
    {
        title: "Repairs of a rollout without the injection guard",
        scenarios: plainRepairs,
        numRuns: 200,
        bugs: [],
    },
    {
        title: "Pods that are not Ready for some seconds",
        scenarios: flipping,
        numRuns: 15,
        bugs: [
            ["takes flips for failures", takesFlipsForFailures, /the up fails on a healthy cluster/],
            ["stops the hand-back at a flip", stopsTheHandBackAtAFlip, /the destroy fails on a healthy cluster/],
        ],
    },
    {
        title: "Runs beside NotReady nodes",
        scenarios: besideNotReady,
        numRuns: 40,
        bugs: [
            [
                "awaits the pods of NotReady nodes in the rollout",
                awaitsSilentNodes,
                /beside NotReady nodes, the run does not move the pods of n\d/,
            ],
            [
                "counts NotReady nodes in the waves of the hand-back",
                countsSilentNodes,
                /beside NotReady nodes, the run does not move the pods of n\d/,
            ],
        ],
    },
    {
        title: "Waves that fail for one or two reasons",
        scenarios: failingWaves,
        numRuns: 60,
        bugs: [
            [
                "stops at the first pod that does not start",
                stopsAtTheFirstThatDoesNotStart,
                /the run leaves pods without a path to arn:/,
            ],
            [
                "proves the role before it takes the rest of a wave back",
                provesBeforeItTakesBack,
                /the run leaves pods without a path to arn:/,
            ],
            [
                "begins with a whole wave after one was taken back",
                beginsWithAWave,
                /after a wave was taken back, the first step restarts two pods/,
            ],
        ],
    },
];

for (const { title, scenarios, numRuns, bugs } of KINDS) {
    describe(`${title} on the model`, function () {
        this.timeout(0);

        it("cost no pod its path, and every goal is reached after them", async () => {
            await fc.assert(
                fc.asyncProperty(scenarios, (of) => assertHolds(of)),
                parameters(numRuns),
            );
        });

        for (const [what, resources, problem] of bugs) {
            it(`are what catches a product that ${what}`, () => assertCatches(scenarios, resources, problem, BUG_HUNT));
        }
    });
}
