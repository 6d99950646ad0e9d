import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { assertHolds } from "../../../model/assertHolds";
import type { Program } from "../../../model/engine";
import { runOnWorld, type Turn } from "../../../model/modelRun";
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

    it("leave pods refused if the next one, killed too, also brings another role, until live checks are on again", async () => {
        const up = (roleName: string, killedAt?: number, more: Partial<Program> = {}): Turn => ({
            operation: { do: "up", refresh: false, program: { roleName, detachFromNodeRoles: ["a", "b"], ...more } },
            faults: [],
            killedAt,
        });
        const turnOff = (killedAt: number): Turn => ({
            operation: { do: "turnOff", refresh: false },
            faults: [],
            killedAt,
        });
        const later: Turn = { operation: { do: "nothing" }, faults: [], killedAt: undefined };
        const { problems, log } = await runOnWorld({
            nodes: ["a"],
            strategy: "RollingUpdate",
            // Killed at once, so that the state does not know what is detached. Then once it has the annotation, once the other role is created, and as
            // the pods restart.
            turns: [
                up("cni"),
                up("cni", 0, { overrideExistingServiceAccount: true }),
                turnOff(3),
                up("next", 2),
                later,
                turnOff(4),
                later,
            ],
            last: { roleName: "next", detachFromNodeRoles: ["a", "b"] },
        });
        assert.match(log.join("\n"), /The injection guard refuses pods that start now\./);
        assert.deepEqual(problems, []);
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
