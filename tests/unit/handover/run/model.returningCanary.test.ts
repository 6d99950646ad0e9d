import * as assert from "node:assert/strict";
import { Refusal } from "../../../../handover/model/refusal";
import { Engine, REAL_RESOURCES } from "../../../model/engine";
import { handedBack, handedOver } from "../../../model/goals";
import { rollingOut } from "../../../model/plantedRolloutBugs";
import { Run } from "../../../model/run";
import { CANARY_SECONDS, ModelWorld, ROLE_ARN } from "../../../model/world";

const PROGRAM = { roleName: "cni", detachFromNodeRoles: ["a", "b"] };

/** The canary of n3, alone in its subnet, restarts with the role. Its node becomes NotReady, and returns without a way to STS. */
function begin() {
    const world = new ModelWorld();
    ["a", "b", "a"].forEach((role) => world.join(role));
    const [, , n3] = world.nodes;
    assert.ok(n3 !== undefined);
    Object.assign(n3, { subnet: "subnet-of-n3" });
    world.advance(5000);
    const engine = new Engine(world, REAL_RESOURCES);
    const podOf = (name: string) => world.pods.find(({ node }) => node === name);
    const asItRestarts = () => {
        if (podOf("n3")?.roleArn === undefined) {
            world.later(world.now + 250, asItRestarts);
            return;
        }
        world.setReady(n3, false);
        world.closedSubnets.add(n3.subnet);
        world.later(world.now + 60_000, () => world.setReady(n3, true));
    };
    asItRestarts();
    return { world, engine, podOf };
}

describe("A canary whose node becomes NotReady, and that returns without a way to STS, on the model", function () {
    this.timeout(60_000);

    it("is named by the verification, and taken back by up --refresh: the guard goes first, and the pod works on the node role", async () => {
        const { world, engine, podOf } = begin();
        const up = () => engine.up(PROGRAM, new Run(world));
        await assert.rejects(up(), { code: "pods-do-not-work", seen: /on n3 \(subnet-of-n3\) carries / });
        await assert.rejects(up(), { code: "pods-do-not-work" });
        await engine.refresh(new Run(world));
        await assert.rejects(up(), { code: "canary-failed", seen: /in subnet-of-n3/ });
        world.advance(5000);
        const left = podOf("n3");
        assert.ok(left !== undefined && world.isReady(left));
        assert.deepEqual(
            [left.roleArn, world.annotations[ROLE_ARN], world.guard, world.isAttached("a"), world.isAttached("b")],
            [undefined, undefined, undefined, true, true],
        );
        // The others work with the role, and keep it.
        assert.deepEqual(
            ["n1", "n2"].map((name) => podOf(name)?.roleArn === undefined),
            [false, false],
        );
        world.closedSubnets.clear();
        await engine.refresh(new Run(world));
        await up();
        assert.deepEqual([handedOver(world, engine, PROGRAM, []), world.problems], [undefined, []]);
        await engine.destroy(new Run(world));
        assert.deepEqual([handedBack(world, engine, [], []), world.problems], [undefined, []]);
    });

    it("needs nothing more than the way to STS", async () => {
        const { world, engine } = begin();
        await assert.rejects(engine.up(PROGRAM, new Run(world)), { code: "pods-do-not-work" });
        world.closedSubnets.clear();
        await engine.up(PROGRAM, new Run(world));
        assert.deepEqual([handedOver(world, engine, PROGRAM, []), world.problems], [undefined, []]);
    });
});

/** The API server carries out each first deletion, and its answer is lost. */
const losingTheFirstAnswer = () => {
    let isFirst = true;
    return rollingOut((context) => ({
        ...context,
        cluster: {
            ...context.cluster,
            restart: async (pod) => {
                await context.cluster.restart(pod);
                if (isFirst) {
                    isFirst = false;
                    await context.sleep(1000);
                    throw new Refusal("cluster-unreachable", "No server answered.", "", "");
                }
            },
        },
    }));
};

describe("A canary without a way to STS whose node becomes NotReady for good, on the model", function () {
    this.timeout(60_000);

    for (const [what, resources] of [
        ["", REAL_RESOURCES],
        [", also if the answer to its restart was lost", losingTheFirstAnswer()],
    ] as const) {
        it(`has all of its time before another one of its place restarts${what}`, async () => {
            const world = new ModelWorld();
            ["a", "b", "a"].forEach((role) => world.join(role));
            const [n1, n2, n3] = world.nodes;
            assert.ok(n1 !== undefined && n2 !== undefined && n3 !== undefined);
            Object.assign(n2, { subnet: "subnet-of-n2" });
            world.advance(5000);
            world.closedSubnets.add(n1.subnet);
            const podOf = (name: string) => world.pods.find(({ node }) => node === name);
            const since: Record<string, number> = {};
            const watch = () => {
                ["n1", "n3"]
                    .filter((name) => podOf(name)?.roleArn !== undefined)
                    .forEach((name) => (since[name] ??= world.now));
                if (since["n1"] !== undefined && world.now >= since["n1"] + 500) {
                    world.setReady(n1, false);
                }
                world.later(world.now + 250, watch);
            };
            watch();
            await assert.rejects(new Engine(world, resources).up(PROGRAM, new Run(world)), { code: "canary-failed" });
            const { n1: first = 0, n3: second = 0 } = since;
            assert.deepEqual([second - first >= CANARY_SECONDS * 1000, world.problems], [true, []]);
        });
    }
});
