import { strictEqual } from "node:assert/strict";
import { countOf } from "../../../../handover/model/countOf";

describe("A number in a message", () => {
    for (const [count, expected] of [
        [0, "0 pods carry"],
        [1, "1 pod carries"],
        [2, "2 pods carry"],
    ] as const) {
        it(`agrees with its noun: ${expected}`, () =>
            strictEqual(countOf(count, "pod carries", "pods carry"), expected));
    }
});
