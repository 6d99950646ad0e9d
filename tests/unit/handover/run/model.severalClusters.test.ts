import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import type { Resources } from "../../../model/engine";
import {
    ignoresTheWithdrawal,
    overlooksTheOthers,
    recordsOnlyAttached,
    takesAwayAgain,
} from "../../../model/plantedSharingBugs";
import { Run } from "../../../model/run";
import {
    assertSharedHolds,
    type ClusterRun,
    SeveralClusters,
    type SharedScenario,
} from "../../../model/severalClusters";
import { lateScenario, sharedScenario, unlistedScenario } from "../../../model/sharedScenarios";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 60),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 15_000, seed: 20261130 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

/** Enough histories to find each planted bug. They are the same each time. */
const BUG_HUNT = { numRuns: 2000, endOnFailure: true };

const up = (of: number, more: Partial<Extract<ClusterRun, { do: "up" }>> = {}): ClusterRun => ({
    do: "up",
    of,
    naming: "handedOver",
    refresh: false,
    roleName: "cni",
    ...more,
});
const alone = (run: ClusterRun) => ({ runs: [run] as const, faults: [] });

const THREE: SharedScenario = {
    lists: [true, true, true],
    isFar: false,
    turns: [],
    last: 2,
    order: [0, 1, 2],
    updatesBetween: true,
    killed: [],
};

describe("A node role of several clusters, on a model of their account", function () {
    this.timeout(0);

    for (const [what, scenarios] of [
        ["if every program lists it", sharedScenario],
        ["if one program does not list it", unlistedScenario],
    ] as const) {
        it(`leaves every cluster's pods with a path, and is detached in the end, ${what}`, async () => {
            await fc.assert(
                fc.asyncProperty(scenarios, (of) => assertSharedHolds(of)),
                PARAMETERS,
            );
        });
    }

    for (const order of [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ]) {
        it(`may be handed back in the order ${order.join()}, with updates of the others in between`, async () => {
            await assertSharedHolds({ ...THREE, order });
        });

        it(`may be handed back in the order ${order.join()} by stacks of which the last found it detached`, async () => {
            // The nodes of the third cluster join when the other two have detached the policy. Its pods have no path until they carry a role.
            const turns = [alone(up(0)), alone(up(1)), alone(up(2))];
            await assertSharedHolds({ ...THREE, order, isLate: true, turns, last: 0 });
        });
    }

    it("stays attached for a cluster that was handed back and has no nodes for now, by an update that says the same", async () => {
        const all = new SeveralClusters({ lists: [true, true], isFar: false });
        for (const run of [up(0), up(1), up(0)]) {
            assert.equal(await all.run(run), "");
        }
        const other = all.of(1).world;
        assert.equal(await all.run({ do: "destroy", of: 1, withdraws: false }), "");
        [...other.nodes].forEach((node) => other.lose(node));
        all.idle();
        assert.equal(await all.run(up(0, { naming: "asBefore", refresh: true })), "");
        other.join("a");
        all.idle();
        assert.deepEqual(all.problems, []);
        assert.ok(other.isAttached("a"));
    });

    it("is attached by the hand-back of a cluster whose nodes join as another program stops to name it", async () => {
        const all = new SeveralClusters({ lists: [true, true], isFar: false });
        for (const run of [up(0), up(1)]) {
            assert.equal(await all.run(run), "");
        }
        all.of(0).scaleToZero();
        all.idle();
        // After the other run's look at the account.
        const faults = [{ of: 0, after: 2000, fault: { kind: "scaledUp" as const } }];
        await all.play({ runs: [{ do: "destroy", of: 0, withdraws: true }], faults });
        assert.deepEqual(all.problems, []);
        assert.ok(all.of(0).world.isAttached("a"));
    });

    for (const isFar of [false, true]) {
        it(`is detached by up --refresh once no other cluster uses it, ${isFar ? "in another region" : "in the same region"}`, async () => {
            const all = new SeveralClusters({ lists: [true, true], isFar });
            assert.equal(await all.run(up(0)), "");
            const { world, engine } = all.of(0);
            assert.match(String(engine.outputs?.remainingSteps), /node-role-shared/);
            assert.equal(await all.run(up(0, { refresh: true })), "");
            assert.ok(world.isAttached("a"));
            const other = all.of(1).world;
            [...other.nodes].forEach((node) => other.lose(node));
            all.idle();
            assert.equal(await all.run(up(0, { refresh: true })), "");
            assert.equal(world.isAttached("a"), false);
            assert.deepEqual(engine.outputs?.remainingSteps, []);
        });
    }

    it("is detached by an update to another role, also if the other cluster has no nodes for now", async () => {
        const all = new SeveralClusters({ lists: [true, true], isFar: false });
        for (const run of [up(0), up(1), up(0)]) {
            assert.equal(await all.run(run), "");
        }
        const other = all.of(1).world;
        [...other.nodes].forEach((node) => other.lose(node));
        all.idle();
        assert.equal(await all.run(up(0, { roleName: "next" })), "");
        assert.deepEqual(all.problems, []);
        assert.equal(other.isAttached("a"), false);
    });

    it("is detached once by two last runs at once, whatever their interleaving", async () => {
        const both = [up(0, { refresh: true }), up(1, { refresh: true })] as const;
        for (const choices of [[0], [1], [0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]]) {
            const turns = [alone(up(0)), alone(up(1)), { runs: both, choices, faults: [] }];
            await assertSharedHolds({ ...THREE, lists: [true, true], order: [0, 1], last: 1, turns });
        }
    });

    describe("whose program names a cluster too early", () => {
        /** The first cluster's run detaches the policy while the pods of the second one use the node role. */
        async function namedTooEarly() {
            const all = new SeveralClusters({ lists: [true, true], isFar: false });
            const [own, other] = [all.of(0), all.of(1)];
            await all.run(up(0, { naming: "none" }));
            own.named = [other.arn];
            await own.engine.up(own.program(), new Run(own.world));
            all.idle();
            assert.match(all.problems.join(), /c1: pod\d+ on n1 has no path: it carries the node role/);
            return { all, other };
        }
        const havePath = ({ world }: SeveralClusters["clusters"][number]) =>
            world.pods.every((pod) => world.hasPath(pod));

        it("gives the policy back in the update that no longer names it", async () => {
            const { all, other } = await namedTooEarly();
            assert.equal(havePath(other), false);
            assert.equal(await all.run(up(0, { naming: "none" })), "");
            all.idle();
            assert.equal(havePath(other), true);
        });

        it("leaves the cure to the other cluster's own update as well", async () => {
            const { all, other } = await namedTooEarly();
            assert.equal(await all.run(up(1, { naming: "none" })), "");
            all.idle();
            assert.equal(havePath(other), true);
            // It attaches the policy before it moves the pods, and its program does not name the first cluster.
            assert.equal(all.of(0).world.isAttached("a"), true);
        });
    });

    /** The last one is a seed that finds the bug early. */
    const bugs: [string, Resources, fc.Arbitrary<SharedScenario>, RegExp, number?][] = [
        ["overlooks the other clusters", overlooksTheOthers, sharedScenario, /has no path: it carries the node role/],
        [
            "detaches again what another hand-back has attached",
            takesAwayAgain,
            sharedScenario,
            /has no path: it carries the node role/,
        ],
        [
            "records only policies that it has seen attached",
            recordsOnlyAttached,
            lateScenario,
            /\[node-role-without-permissions\]/,
        ],
        ["ignores that a name is withdrawn", ignoresTheWithdrawal, sharedScenario, /is no longer named, and a lacks/],
    ];
    for (const [what, resources, scenarios, problem, seed = 2] of bugs) {
        it(`catches a product that ${what}`, async () => {
            const { failed, errorInstance } = await fc.check(
                fc.asyncProperty(scenarios, (of) => assertSharedHolds(of, resources)),
                { ...BUG_HUNT, seed },
            );
            assert.ok(failed);
            assert.match(String(errorInstance), problem);
        });
    }
});
