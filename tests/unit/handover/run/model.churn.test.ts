import * as fc from "fast-check";
import { assertCatches } from "../../../model/assertCatches";
import { assertHolds } from "../../../model/assertHolds";
import { churning, churningWithoutWebhook, shortLived } from "../../../model/churning";
import type { Resources } from "../../../model/engine";
import type { Scenario } from "../../../model/modelRun";
import { awaitsTheTerminated, skipsYoungNodes, wantsOneMoment } from "../../../model/plantedChurnBugs";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED, MODEL_PATH } = process.env;
const parameters = (numRuns: number) => ({
    numRuns: Number(MODEL_RUNS ?? numRuns),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 10_000, seed: 20261217 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
    ...(MODEL_PATH === undefined ? {} : { path: MODEL_PATH }),
});

/** Enough histories to find each planted bug. They are the same each time. */
const BUG_HUNT = { seed: 2, numRuns: 400, endOnFailure: true };

describe("A fleet on which a node joins and one leaves every 3 seconds, on the model", function () {
    this.timeout(0);

    it("gets through each hand-over and hand-back, and no pod loses its path", () =>
        fc.assert(
            fc.asyncProperty(churning, (of) => assertHolds(of)),
            parameters(15),
        ));

    it("gets through where the nodes that join live for nine seconds", () =>
        fc.assert(
            fc.asyncProperty(shortLived, (of) => assertHolds(of)),
            parameters(15),
        ));

    it("costs no pod its path while the webhook is down, and reaches its goals afterwards", () =>
        fc.assert(
            fc.asyncProperty(churningWithoutWebhook, (of) => assertHolds(of)),
            parameters(15),
        ));

    const bugs: [string, fc.Arbitrary<Scenario>, Resources, RegExp][] = [
        ["wants one moment at which every pod works", churning, wantsOneMoment, /the up fails on a healthy cluster/],
        [
            "waits for the nodes of terminated instances",
            churning,
            awaitsTheTerminated,
            /the (?:up|destroy) fails on a healthy cluster/,
        ],
        [
            "does not look at the pods of young nodes",
            churningWithoutWebhook,
            skipsYoungNodes,
            /has no path: it carries/,
        ],
    ];
    for (const [what, scenarios, resources, problem] of bugs) {
        it(`catches a product that ${what}`, () => assertCatches(scenarios, resources, problem, BUG_HUNT));
    }
});
