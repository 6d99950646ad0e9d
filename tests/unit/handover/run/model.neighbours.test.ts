import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import type { Resources } from "../../../model/engine";
import { runOnWorld, Scenario } from "../../../model/modelRun";
import {
    scenarioWithNeighbours,
    scenarioWithOtherClusters,
    scenarioWithOtherDaemonSets,
    scenarioWithOwnNodeRoles,
} from "../../../model/neighbours";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 60),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 15_000, seed: 20261128 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

async function holds(of: Scenario, resources?: Resources): Promise<void> {
    const { problems, log } = await runOnWorld(of, resources);
    const first = log.findIndex((line) => line.includes("!!!"));
    assert.ok(problems.length === 0, [...problems, ...log.slice(Math.max(0, first - 60), first + 5)].join("\n"));
}

const KINDS: [string, fc.Arbitrary<Scenario>][] = [
    ["Other clusters that share the role", scenarioWithOtherClusters],
    ["Node roles of the same program", scenarioWithOwnNodeRoles],
    ["Other DaemonSets and service accounts", scenarioWithOtherDaemonSets],
    ["All of these together", scenarioWithNeighbours],
];

for (const [kind, scenarios] of KINDS) {
    describe(`${kind} on the model`, function () {
        this.timeout(0);

        it("cost no pod its path, and every goal is reached after the mistakes have ended", async () => {
            await fc.assert(
                fc.asyncProperty(scenarios, (of) => holds(of)),
                PARAMETERS,
            );
        });
    });
}
