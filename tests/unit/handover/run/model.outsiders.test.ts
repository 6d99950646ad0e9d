import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { Engine, Program, REAL_RESOURCES } from "../../../model/engine";
import { runOnWorld } from "../../../model/modelRun";
import { injectOutsider, scenarioWithOutsiders } from "../../../model/outsiders";
import { Run } from "../../../model/run";
import { ModelWorld } from "../../../model/world";

const RUNS = Number(process.env["MODEL_RUNS"] ?? 100);
const PROGRAM: Program = { roleName: "cni", detachFromNodeRoles: ["a", "b"] };

/** Three nodes of two node roles. */
function begin() {
    const world = new ModelWorld();
    ["a", "a", "b"].forEach((role) => world.join(role));
    world.advance(5000);
    const engine = new Engine(world, REAL_RESOURCES);
    const up = () => engine.up(PROGRAM, new Run(world));
    const refresh = () => engine.refresh(new Run(world));
    const carriers = () => world.pods.filter((pod) => pod.roleArn !== undefined && world.hasPath(pod)).length;
    return { world, engine, up, refresh, carriers };
}

describe("Outsiders on the model", function () {
    this.timeout(0);

    it("cost no path beyond their own time, and every goal is reached after they have ended", async () => {
        await fc.assert(
            fc.asyncProperty(scenarioWithOutsiders, async (of) => {
                const { problems, log } = await runOnWorld(of);
                const first = log.findIndex((line) => line.includes("!!!"));
                assert.ok(
                    problems.length === 0,
                    [...problems, ...log.slice(Math.max(0, first - 60), first + 5)].join("\n"),
                );
            }),
            { numRuns: RUNS, seed: 20261127, interruptAfterTimeLimit: 15_000 },
        );
    });

    it("who break the role stop the update after a refresh, which moves nothing until they have repaired it", async () => {
        const { world, up, refresh, carriers } = begin();
        await up();
        injectOutsider(world, { kind: "roleBroken", by: "permission-missing" });
        await up();
        await refresh();
        const [pods, writes] = [world.pods, world.log.length];
        await assert.rejects(up(), { code: "permission-missing" });
        assert.deepEqual(
            [world.pods, world.log.slice(writes).filter((line) => !/ {2}\. | sleep /.test(line))],
            [pods, []],
        );
        injectOutsider(world, { kind: "roleRepaired" });
        await up();
        assert.deepEqual([world.pods, carriers(), world.problems], [pods, 3, []]);
    });

    it("who break the role for good leave the way back open", async () => {
        const { world, engine, up } = begin();
        await up();
        injectOutsider(world, { kind: "roleBroken", by: "permission-missing" });
        await engine.destroy(new Run(world));
        assert.deepEqual(
            [world.pods.every((pod) => pod.roleArn === undefined && world.hasPath(pod)), world.problems],
            [true, []],
        );
    });

    it("who take the policy before the first update do not make it wait", async () => {
        const { world, up, carriers } = begin();
        ["a" as const, "b" as const].forEach((role) => injectOutsider(world, { kind: "policyTaken", role }));
        const began = world.now;
        await up();
        assert.deepEqual([carriers(), world.problems], [3, []]);
        const said = world.log.find((line) => line.includes("have no path to the CNI's permissions now"));
        assert.match(said ?? "", /nodes of a, b have no path/);
        // The wave does not wait until the canaries have been watched for the 13 s of the model's stableSeconds.
        const last = world.log.filter((line) => line.includes("is created on")).at(-1) ?? "";
        assert.ok(Number(last.slice(0, 8)) - (began - 1_000_000) / 1000 < 13, last);
    });
});
