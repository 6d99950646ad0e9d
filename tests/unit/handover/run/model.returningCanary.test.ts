import * as assert from "node:assert/strict";
import { Engine, REAL_RESOURCES } from "../../../model/engine";
import { handedBack, handedOver } from "../../../model/goals";
import { Run } from "../../../model/run";
import { ModelWorld, ROLE_ARN } from "../../../model/world";

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
