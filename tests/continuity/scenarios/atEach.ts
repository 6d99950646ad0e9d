import * as assert from "node:assert";
import type { Call } from "../engine/calls";

/** Does something at the first call of each kind; resolves with what came of it. */
export function atEach(patterns: readonly RegExp[], act: () => Promise<unknown>) {
    const left = new Set(patterns);
    const acts: Promise<unknown>[] = [];
    return {
        seen: ({ operation, write }: Call): void => {
            for (const pattern of [...left].filter((pattern) => write && pattern.test(operation))) {
                left.delete(pattern);
                acts.push(act());
            }
        },
        done: async (): Promise<void> => {
            await Promise.all(acts);
            assert.deepStrictEqual([...left].map(String), [], "steps that were not seen");
        },
    };
}
