import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { compare } from "../../../model/preview";
import { scenario } from "../../../model/scenarios";

/** As many histories as the time allows. MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED, MODEL_PATH } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 150),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 15_000, seed: 20261125 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
    ...(MODEL_PATH === undefined ? {} : { path: MODEL_PATH }),
};

/** Naming one of two node roles is refused, as long as both have nodes. */
const program = fc.record({
    roleName: fc.constantFrom("cni", "cni", "next"),
    detachFromNodeRoles: fc.constantFrom(["a", "b"], ["a", "b"], ["a"], undefined),
});

describe("A preview on a model of cluster and account, whatever has happened before", function () {
    this.timeout(0);

    it("refuses what the update refuses, and nothing else; and moves what the update moves", async () => {
        await fc.assert(
            fc.asyncProperty(scenario, program, async (before, of) => {
                const { plan, ended, comparable, planned, done, log } = await compare(before, of);
                const details = JSON.stringify({ of, plan, ended, planned, done, log }, null, 1);
                // The preview lists every reason. An update that has begun ends with the first one.
                const codes = [...(ended ?? "").matchAll(/^ *\[([a-z-]+)\]/gm)].map(([, code]) => code);
                const refused = (plan?.refusals ?? []).map((refusal) => refusal.code);
                assert.deepEqual(refused.slice(0, codes.length), codes, details);
                assert.equal(refused.length === 0, codes.length === 0, details);
                // The plan names at most five pods.
                if (ended === undefined && comparable && !details.includes(" more.")) {
                    assert.deepEqual(planned, done, details);
                }
            }),
            PARAMETERS,
        );
    });
});
