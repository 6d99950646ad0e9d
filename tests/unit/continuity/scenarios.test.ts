import * as assert from "assert";
import { pointOf } from "../../continuity/killPoints";
import { SCENARIOS } from "../../continuity/scenarios";

describe("the scenarios", () => {
    it("have names of their own that no kill point has", () => {
        const names = SCENARIOS.map(({ name }) => name);
        assert.strictEqual(new Set(names).size, names.length);
        assert.deepStrictEqual(
            names.filter((name) => !/^[a-z][a-z0-9-]+$/.test(name) || pointOf(name) !== undefined),
            [],
        );
    });

    it("are twenty where it has to be quick, six among them that show that the monitor sees, one in each mode of the CNI", () => {
        const quick = SCENARIOS.filter((scenario) => scenario.quick);
        assert.strictEqual(quick.length, 20);
        const modes = ["default", "custom-networking", "prefix-delegation", "ipv6", "imds-only"];
        const controls = modes.map((mode) => `gap-${mode}`);
        assert.deepStrictEqual(
            quick.filter(({ bound }) => bound.podSeconds === "some").map(({ name }) => name),
            ["destroy-plain-shape", ...controls],
        );
        assert.deepStrictEqual(
            SCENARIOS.filter(({ isControl }) => isControl).map(({ name }) => name),
            controls,
        );
    });
});
