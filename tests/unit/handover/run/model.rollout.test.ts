import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { assertCatches } from "../../../model/assertCatches";
import { assertHolds } from "../../../model/assertHolds";
import type { Resources } from "../../../model/engine";
import {
    changesTheTemplate,
    doesNotAwaitWaves,
    handsBackInLargerWaves,
    leavesAFailedRollout,
    restartsLargerWaves,
    skipsOtherSubnets,
    takesBackWhatWorks,
} from "../../../model/plantedRolloutBugs";
import { scenarioWithSubnets } from "../../../model/subnets";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED, MODEL_PATH } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 80),
    // Without a time limit: the rows about the kinds need all of them.
    ...(MODEL_RUNS === undefined ? { seed: 20261201 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
    ...(MODEL_PATH === undefined ? {} : { path: MODEL_PATH }),
};

const seen = new Set<string>();

/** Enough histories to find each planted bug. They are the same each time. */
const BUG_HUNT = { seed: 2, numRuns: 400, endOnFailure: true };

describe("Rollouts over several subnets on the model", function () {
    this.timeout(0);

    before(async () => {
        await fc.assert(
            fc.asyncProperty(scenarioWithSubnets, (of) => assertHolds(of, undefined, seen)),
            PARAMETERS,
        );
    });

    const kinds: [string, RegExp][] = [
        ["a canary fails for its subnet", /^ {2}\. the rollout failed: The canary .* in subnet-#: not Ready yet/],
        ["canaries restart side by side", /canary pod on n of \w in subnet-#: restarts first.*; canary pod/],
        ["a wave has several pods", /^ {2}\. pod .*; with it pod/],
        ["a wave fails", /^== ended: \[rollout-taken-back\]/],
        ["pods do not start", /^== ended: \[pods-do-not-start\]/],
        ["a stack of before is updated", /^== the update to the present code/],
    ];
    for (const [what, kind] of kinds) {
        it(`occur in the random runs: ${what}`, () => {
            assert.ok(
                [...seen].some((one) => kind.test(one)),
                [...seen].filter((one) => /^(?:==| {2}\.)/.test(one)).join("\n"),
            );
        });
    }

    const bugs: [string, Resources, RegExp][] = [
        ["restarts larger waves", restartsLargerWaves, /a wave on \S+ makes more than \d pods unavailable/],
        ["hands back in larger waves", handsBackInLargerWaves, /a wave on \S+ makes more than \d pods unavailable/],
        ["does not await a wave", doesNotAwaitWaves, /a wave on \S+ makes more than \d pods unavailable/],
        ["leaves a failed rollout", leavesAFailedRollout, /the failed rollout of \S+ was not taken back/],
        ["takes pods back that work", takesBackWhatWorks, /restarts, which works with the role/],
        ["skips the canaries of other subnets", skipsOtherSubnets, /before a canary works in [ab] in subnet-\d/],
        ["changes the pod template", changesTheTemplate, /a changed pod template restarts pod\d+, which carries/],
    ];
    for (const [what, resources, problem] of bugs) {
        it(`are what catches a product that ${what}`, () =>
            assertCatches(scenarioWithSubnets, resources, problem, BUG_HUNT));
    }
});
