import * as assert from "assert";
import { pointOf } from "../../continuity/killPoints";
import { SCENARIOS } from "../../continuity/scenarios";

describe("the scenarios", () => {
    it("have names of their own that no kill point has", () => {
        const names = SCENARIOS.map(({ name }) => name);
        assert.strictEqual(new Set(names).size, names.length);
        assert.deepStrictEqual(
            names.filter((name) => !/^[a-z-]+$/.test(name) || pointOf(name) !== undefined),
            [],
        );
    });

    it("are fifteen where it has to be quick, the one among them that shows that the monitor sees", () => {
        const quick = SCENARIOS.filter((scenario) => scenario.quick);
        assert.strictEqual(quick.length, 15);
        assert.deepStrictEqual(
            quick.filter(({ bound }) => bound.podSeconds === "some").map(({ name }) => name),
            ["destroy-plain-shape"],
        );
    });
});
