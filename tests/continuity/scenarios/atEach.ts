import * as assert from "node:assert";
import type { Call } from "../engine/calls";
import type { Stage } from "../stage";

/** The rollout restarts the canaries first, one in each subnet. The first wave begins with the next pod. */
export const atFirstWave = ({ props }: Stage, act: () => Promise<unknown>) =>
    atNth(/^DELETE pods\//, props.sizes.subnets + 1, act);

/** Runs `act` at the n-th write that matches, counted from 1, with all that matched until then. */
export function atNth(pattern: RegExp, n: number, act: (operations: readonly string[]) => Promise<unknown>) {
    const matching: string[] = [];
    let acted: Promise<unknown> | undefined;
    return {
        seen: ({ operation, write }: Call): void => {
            if (write && pattern.test(operation)) {
                matching.push(operation);
            }
            if (matching.length === n) {
                acted ??= act(matching);
            }
        },
        done: async (): Promise<void> => {
            assert.ok(acted !== undefined, `the run made ${String(matching.length)} of ${String(n)} calls`);
            await acted;
        },
    };
}

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
