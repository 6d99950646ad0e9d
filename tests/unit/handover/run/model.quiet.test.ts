import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { Churn } from "../../../model/churn";
import { arnOf, Engine, REAL_RESOURCES } from "../../../model/engine";
import { type Fault, injectFault } from "../../../model/faults";
import { Run } from "../../../model/run";
import { ModelWorld } from "../../../model/world";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 60),
    ...(MODEL_RUNS === undefined ? { seed: 20261204 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

const role = fc.constantFrom("a" as const, "b" as const);
const which = fc.nat({ max: 5 });

/** The events of a healthy cluster whose nodes come and go. The webhook is down for less than a minute: no sequence is longer. */
const usual: fc.Arbitrary<Fault> = fc.oneof(
    { arbitrary: fc.record({ kind: fc.constant("nodeJoins" as const), role }), weight: 3 },
    fc.record({ kind: fc.constantFrom("nodeLost" as const, "nodeNotReady" as const), which }),
    fc.record({ kind: fc.constantFrom("podDeleted" as const, "stopsSlowly" as const), which }),
    fc.record({ kind: fc.constant("podFlips" as const), which, milliseconds: fc.constantFrom(2000, 20_000) }),
    fc.record({ kind: fc.constantFrom("webhookDown" as const, "webhookUp" as const, "nodesReturn" as const) }),
);

const history = fc.array(fc.record({ after: fc.nat({ max: 20 }).map((quarters) => quarters * 250), fault: usual }), {
    minLength: 1,
    maxLength: 6,
});

describe("A refresh of a finished hand-over on an autoscaled cluster of the model", function () {
    this.timeout(0);

    const seen = new Set<string>();

    it("finds no drift in pods that start or are refused for a moment, and in nodes that join, leave or are NotReady", async () => {
        await fc.assert(
            fc.asyncProperty(history, async (faults) => {
                const world = new ModelWorld();
                ["a", "b", "a"].forEach((one) => world.join(one));
                world.advance(5000);
                const engine = new Engine(world, REAL_RESOURCES);
                const program = { roleName: "cni", detachFromNodeRoles: ["a", "b"] };
                await engine.up(program, new Run(world));
                for (const { after, fault } of faults) {
                    world.advance(after);
                    injectFault(world, fault);
                    seen.add(fault.kind);
                    await engine.refresh(new Run(world));
                    seen.add(world.refusedSince === undefined ? "" : "a pod is refused during a refresh");
                    seen.add(world.pods.some((pod) => !world.isReady(pod)) ? "a pod starts during a refresh" : "");
                    assert.deepEqual(engine.drifts, [], world.log.slice(-30).join("\n"));
                }
                assert.deepEqual([world.problems, engine.roleArn], [[], arnOf("cni")]);
            }),
            PARAMETERS,
        );
    });

    it("finds it in the middle of these", () => {
        const occurs = [
            "nodeJoins",
            "nodeLost",
            "nodeNotReady",
            "a pod is refused during a refresh",
            "a pod starts during a refresh",
        ];
        assert.deepEqual(
            occurs.filter((one) => !seen.has(one)),
            [],
        );
    });

    for (const lingers of [true, false]) {
        it(`finds none while a node joins and one leaves every 3 seconds, ${lingers ? "also where the node of a terminated instance stays for a while" : "with its instance"}`, async () => {
            const world = new ModelWorld();
            ["a", "b", "a", "b"].forEach((one) => world.join(one));
            world.advance(5000);
            const engine = new Engine(world, REAL_RESOURCES);
            await engine.up({ roleName: "cni", detachFromNodeRoles: ["a", "b"] }, new Run(world));
            const of = { everyMilliseconds: 3000, livesMilliseconds: 60_000, roles: ["a", "b"], startsNotReady: true };
            new Churn(world, { ...of, lingers });
            let left = 0;
            for (let looks = 0; looks < 60; looks += 1) {
                world.advance(1750);
                left += world.nodes.filter(({ leaving }) => leaving !== undefined).length;
                await engine.refresh(new Run(world));
                assert.deepEqual(engine.drifts, [], world.log.slice(-30).join("\n"));
            }
            assert.deepEqual([left > 0, world.problems], [lingers, []]);
        });
    }

    it("finds it in pods that the API server refuses for longer than a minute", async () => {
        const world = new ModelWorld();
        ["a", "b", "a"].forEach((one) => world.join(one));
        world.advance(5000);
        const engine = new Engine(world, REAL_RESOURCES);
        await engine.up({ roleName: "cni", detachFromNodeRoles: ["a", "b"] }, new Run(world));
        injectFault(world, { kind: "webhookDown" });
        injectFault(world, { kind: "podDeleted", which: 0 });
        world.advance(70_000);
        await engine.refresh(new Run(world));
        assert.equal(engine.drifts.length, 2);
        engine.drifts.forEach((drift) => assert.match(drift, /^The API server refused the pods for n1,/));
    });
});
