import { strictEqual } from "node:assert/strict";
import { listNames, listTexts } from "../../../../handover/model/listNames";

const nodes = (count: number) => Array.from({ length: count }, (_, index) => `n${String(index + 1)}`);

describe("A list in a message", () => {
    const rows: [string[], string][] = [
        [[], ""],
        [nodes(1), "n1"],
        [nodes(5), "n1, n2, n3, n4, n5"],
        [nodes(6), "n1, n2, n3, n4, n5 and 1 more"],
        [nodes(200), "n1, n2, n3, n4, n5 and 195 more"],
    ];
    for (const [texts, expected] of rows) {
        it(`has at most five names: of ${String(texts.length)}, ${JSON.stringify(expected)}`, () => {
            strictEqual(listTexts(texts), expected);
            strictEqual(listNames(texts.map((name) => ({ name }))), expected);
        });
    }
});
