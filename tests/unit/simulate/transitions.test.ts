import * as assert from "node:assert/strict";
import * as fc from "fast-check";
import { play } from "../../simulate/play";
import { KINDS } from "../../simulate/scenarios";
import { SITUATIONS } from "../../simulate/situations";
import { Trace } from "../../simulate/trace";
import { refusalCodes, TRANSITIONS } from "../../simulate/transitions";

const RUNS_OF_EACH_KIND = 3;
const PERTURBED = ["views", "torn", "waits", "iam", "lost answers", "lost requests", "lost reads"];

describe("The report of a simulation", function () {
    this.timeout(0);

    it("knows each transition, each refusal and each situation that its histories reach", async () => {
        const trace = new Trace();
        for (const { of } of KINDS) {
            for (const history of fc.sample(of, { seed: 3, numRuns: RUNS_OF_EACH_KIND })) {
                await play(history, undefined, trace);
            }
        }
        const unknown = (reached: object, all: readonly string[]) =>
            Object.keys(reached).filter((one) => !all.includes(one));
        assert.deepEqual(unknown(trace.steps, TRANSITIONS), []);
        assert.deepEqual(unknown(trace.refusals, refusalCodes()), []);
        assert.deepEqual(unknown(trace.situations, SITUATIONS), []);
        assert.ok(Object.keys(trace.steps).length > TRANSITIONS.length / 3);
        assert.deepEqual(
            PERTURBED.filter((kind) => trace.perturbed[kind] === undefined),
            [],
        );
    });
});
