import * as assert from "assert";
import { readFileSync } from "fs";
import { join, resolve } from "path";
import { pointOf } from "../../continuity/killPoints";
import { edited, PLANTED_BUGS } from "../../continuity/plantedBugs";
import { SCENARIOS } from "../../continuity/scenarios";

const repository = resolve(__dirname, "../../..");

describe("the planted bugs", () => {
    PLANTED_BUGS.forEach(({ name, edits, scenarios, points }) => {
        it(`find the place for ${name} in the sources of today`, () => {
            for (const edit of edits) {
                const text = readFileSync(join(repository, edit.file), "utf8");
                assert.notStrictEqual(edited(name, text, edit), text);
            }
        });

        it(`name scenarios and points that there are for ${name}`, () => {
            assert.deepStrictEqual(
                scenarios.filter((scenario) => !SCENARIOS.some((one) => one.name === scenario)),
                [],
            );
            assert.deepStrictEqual(
                points.filter((point) => pointOf(point) === undefined),
                [],
            );
        });
    });

    it("are planted nowhere rather than in a place of two", () => {
        const edit = { file: "x.ts", find: "b", replace: "c" };
        assert.strictEqual(edited("bug", "abc", edit), "acc");
        assert.throws(() => edited("bug", "abcb", edit), /bug cannot be planted: x.ts does not have this exactly once/);
        assert.throws(() => edited("bug", "a", edit), /exactly once/);
    });
});

describe("the scenarios", () => {
    it("have names of their own that no kill point has", () => {
        const names = SCENARIOS.map(({ name }) => name);
        assert.strictEqual(new Set(names).size, names.length);
        assert.deepStrictEqual(
            names.filter((name) => !/^[a-z-]+$/.test(name) || pointOf(name) !== undefined),
            [],
        );
    });

    it("are ten where it has to be quick, the one among them that shows that the monitor sees", () => {
        const quick = SCENARIOS.filter((scenario) => scenario.quick);
        assert.strictEqual(quick.length, 10);
        assert.deepStrictEqual(
            quick.filter(({ bound }) => bound.podSeconds === "some").map(({ name }) => name),
            ["destroy-plain-shape"],
        );
    });
});
