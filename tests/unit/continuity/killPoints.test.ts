import * as assert from "assert";
import * as fc from "fast-check";
import {
    type Course,
    FEW_OPERATIONS,
    killPoints,
    nameOf,
    OPERATIONS,
    operationsOf,
    partOf,
    pointOf,
} from "../../continuity/killPoints";

const writes = (count: number) => Array.from({ length: count }, (_, index) => `write ${String(index + 1)}`);
const few = {
    up: { writes: writes(8), milliseconds: 20_000 },
    update: { writes: writes(11), milliseconds: 40_000 },
    destroy: { writes: writes(9), milliseconds: 15_000 },
};
const course = {
    ...few,
    policy: { writes: writes(4), milliseconds: 10_000 },
    boundary: { writes: writes(7), milliseconds: 40_000 },
    repair: { writes: writes(6), milliseconds: 30_000 },
    upgrade: { writes: writes(10), milliseconds: 40_000 },
} satisfies Course;

describe("the points of a kill campaign", () => {
    it("are the same for a seed, and others for another", () => {
        const names = (seed: number) => killPoints(60, seed, course).map(nameOf);
        assert.deepStrictEqual(names(7), names(7));
        assert.notDeepStrictEqual(names(7), names(8));
    });

    it("are ten with at least three of each operation, and some at random times", () => {
        assert.deepStrictEqual(operationsOf(10), FEW_OPERATIONS);
        const points = killPoints(10, 1, few);
        assert.strictEqual(points.length, 10);
        for (const operation of FEW_OPERATIONS) {
            assert.ok(points.filter((point) => point.operation === operation).length >= 3, operation);
        }
        assert.strictEqual(points.filter(({ moment }) => moment.at === "time").length, 2);
    });

    it("are from sixty on every boundary between two writes, before and after, and a quarter as many random times", () => {
        assert.deepStrictEqual(operationsOf(60), OPERATIONS);
        const points = killPoints(60, 1, course);
        const names = new Set(points.map(({ operation, moment }) => JSON.stringify([operation, moment])));
        for (const operation of OPERATIONS) {
            course[operation].writes.forEach((_, index) => {
                for (const at of ["before", "after"]) {
                    assert.ok(names.has(JSON.stringify([operation, { at, write: index + 1 }])), `${operation} ${at}`);
                }
            });
        }
        assert.strictEqual(points.length, 2 * (8 + 11 + 9 + 4 + 7 + 6 + 10) + 28);
    });

    it("may be many more, all at random times within their run", () => {
        const points = killPoints(500, 3, course);
        assert.strictEqual(points.length, 500);
        for (const { operation, moment } of points) {
            assert.ok(moment.at !== "time" || moment.milliseconds <= 0.9 * course[operation].milliseconds);
        }
    });

    it("are on a cluster whose nodes come and go for a third of a full campaign, for each operation", () => {
        const points = killPoints(150, 4, course);
        for (const operation of OPERATIONS) {
            const of = points.filter((point) => point.operation === operation);
            const amid = of.filter((point) => point.amid === "churn");
            assert.ok(amid.length > 0, operation);
            assert.deepStrictEqual(new Set(amid.map(({ then }) => then)), new Set(["up", "destroy"]), operation);
        }
        const amidChurn = points.filter(({ amid }) => amid === "churn");
        assert.strictEqual(amidChurn.length, Math.ceil(points.length / 3));
        assert.ok(killPoints(10, 1, few).every(({ amid }) => amid === undefined));
    });

    it("are divided into parts, each with all operations", () => {
        const points = killPoints(500, 3, course);
        const parts = [1, 2, 3, 4, 5].map((nth) => partOf(points, { nth, of: 5 }));
        assert.deepStrictEqual(
            parts.map(({ length }) => length),
            [100, 100, 100, 100, 100],
        );
        assert.strictEqual(new Set(parts.flat()).size, 500);
        for (const part of parts) {
            assert.deepStrictEqual(new Set(part.map(({ operation }) => operation)), new Set(OPERATIONS));
        }
    });

    it("are recovered from in both ways, for each operation", () => {
        const points = killPoints(60, 1, course);
        for (const operation of OPERATIONS) {
            const ways = points.filter((point) => point.operation === operation).map(({ then }) => then);
            const ups = ways.filter((way) => way === "up").length;
            assert.ok(Math.abs(2 * ups - ways.length) <= 4, `${operation}: ${String(ups)} of ${String(ways.length)}`);
        }
    });

    it("are identified by their names alone", () => {
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 2 ** 31 }), (count, seed) => {
                for (const point of killPoints(count, seed, course)) {
                    assert.deepStrictEqual(pointOf(nameOf(point)), point);
                }
            }),
        );
    });

    const others = [
        "first-up",
        "kill:up",
        "kill:down:before-1:up",
        "kill:up:before-x:up",
        "kill:up:9:up",
        "kill:up:before-1:refresh",
        "kill:up:before-1:up:rain",
    ];
    others.forEach((name) => {
        it(`are not named ${name}`, () => assert.strictEqual(pointOf(name), undefined));
    });
});
