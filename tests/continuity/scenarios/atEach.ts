import * as assert from "node:assert";
import type { Call } from "../engine/calls";

/** Runs `act` at the first write that matches each pattern. `done` waits until all have finished. */
export function atEach(patterns: readonly RegExp[], act: () => Promise<unknown>) {
    const pending = new Set(patterns);
    const acts: Promise<unknown>[] = [];
    return {
        seen: ({ operation, write }: Call): void => {
            for (const pattern of [...pending].filter((pattern) => write && pattern.test(operation))) {
                pending.delete(pattern);
                acts.push(act());
            }
        },
        done: async (): Promise<void> => {
            await Promise.all(acts);
            assert.deepStrictEqual([...pending].map(String), [], "calls that the run did not make");
        },
    };
}
