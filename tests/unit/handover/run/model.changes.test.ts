import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { assertCatches } from "../../../model/assertCatches";
import { assertHolds } from "../../../model/assertHolds";
import type { Resources } from "../../../model/engine";
import {
    forcesWithoutLooking,
    ignoresWhatIsUnread,
    narrowsInPlace,
    recordsOnRefresh,
    takesNeededPolicies,
} from "../../../model/plantedBugs";
import { scenarioWithChanges } from "../../../model/programChanges";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 100),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 15_000, seed: 20261127 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

/** Enough histories to find each planted bug. They are the same each time, and begin with a seed that finds each early. */
const BUG_HUNT = { seed: 4, numRuns: 400, endOnFailure: true };

describe("Changes of a program's arguments on the model, and what the owners of cluster and account do", function () {
    this.timeout(0);

    const seen = new Set<string>();

    it("cost no pod its path, and every goal is reached after the mistakes have ended", async () => {
        await fc.assert(
            fc.asyncProperty(scenarioWithChanges, (of) => assertHolds(of, undefined, seen)),
            PARAMETERS,
        );
    });

    it("end with both ways out of a role that must not change in place", () => {
        const kinds = [...seen];
        for (const way of [/follows the advice of role-narrowed/, /no pod carries the role: destroy, then up/]) {
            assert.ok(
                kinds.some((kind) => way.test(kind)),
                String(way),
            );
        }
    });

    const bugs: [string, Resources, RegExp][] = [
        ["narrows the role in place", narrowsInPlace, /has no path: it carries arn:/],
        ["does not ask what the policies of the role grant", takesNeededPolicies, /has no path: it carries arn:/],
        ["does not look before it forces a destroy", forcesWithoutLooking, /has no path: it carries arn:/],
        ["records on a refresh", recordsOnRefresh, /gets a policy again that no update has recorded/],
        [
            "takes what is unread for nothing",
            ignoresWhatIsUnread,
            /is detached from . while the add-on has another role/,
        ],
    ];
    for (const [what, resources, problem] of bugs) {
        it(`are what catches a product that ${what}`, () =>
            assertCatches(scenarioWithChanges, resources, problem, BUG_HUNT));
    }
});
