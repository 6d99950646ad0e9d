import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { assertCatchesDelivery } from "../../../model/assertCatchesDelivery";
import { assertDelivers } from "../../../model/assertDelivers";
import { externalScenario, writerMoveScenario } from "../../../model/externalScenarios";
import { doesNotAwaitTheWriter, trustsTheValue } from "../../../model/plantedDeliveryBugs";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 400),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 60_000, seed: 20261130 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

describe("Another writer as the delivery, on the model", function () {
    this.timeout(0);
    const seen = new Set<string>();

    it("costs no pod its path, and every goal is reached, whenever it writes and wherever a run is killed", async () => {
        await fc.assert(
            fc.asyncProperty(externalScenario, (of) => assertDelivers(of, undefined, seen)),
            PARAMETERS,
        );
    });

    it("costs no pod its path as the annotation moves between it and the component", async () => {
        await fc.assert(
            fc.asyncProperty(writerMoveScenario, (of) => assertDelivers(of, undefined, seen)),
            PARAMETERS,
        );
    });

    const kinds: [string, RegExp][] = [
        ["it is waited for", /waiting for another writer to deliver/],
        ["Helm delivers the role", /helm delivers the role/],
        ["the managed add-on delivers it", /eks delivers the role/],
        ["the component releases its own annotation", /the component releases its own annotation/],
        ["the hand-back waits for it", /waiting until .* no longer gives/],
        ["the role fails on the nodes", /\[canary-failed\]/],
    ];
    for (const [what, kind] of kinds) {
        it(`occurs in these runs: ${what}`, () => {
            assert.ok([...seen].some((line) => kind.test(line)));
        });
    }

    it("is what catches a product that takes the value for a delivery", () =>
        assertCatchesDelivery(writerMoveScenario, trustsTheValue, /the component's release removes the annotation/));

    it("is what catches a product that does not wait for the writer on the way back", () =>
        assertCatchesDelivery(externalScenario, doesNotAwaitTheWriter, /has no path: it carries arn:|is not reached/));
});
