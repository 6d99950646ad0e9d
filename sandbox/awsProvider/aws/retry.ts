import { setTimeout as sleep } from "node:timers/promises";

/** The limits of a wait: a deadline, and cancellation by the engine. */
export interface Patience {
    readonly timeoutMilliseconds: number;
    readonly signal: AbortSignal;
}

/** Pauses of terraform-plugin-sdk helper/retry/state.go: doubling from 100 ms, at least 500 ms, at most 10 s. */
function* pauses(): Generator<number, never> {
    for (let pause = 200; ; pause = Math.min(pause * 2, 10_000)) {
        yield Math.max(pause, 500);
    }
}

/** Retries while `isRetryable` holds for the error. After the time limit the last error is the result. */
export async function retryWhen<T>(
    patience: Patience,
    attempt: () => Promise<T>,
    isRetryable: (error: unknown) => boolean,
): Promise<T> {
    const deadline = Date.now() + patience.timeoutMilliseconds;
    for (const pause of pauses()) {
        try {
            return await attempt();
        } catch (error) {
            if (!isRetryable(error) || Date.now() + pause > deadline) {
                throw error;
            }
        }
        await sleep(pause, undefined, { signal: patience.signal });
    }
    throw new Error("unreachable");
}

/** Polls until `isDone`. The message of a time-out contains the last value. */
export async function waitUntil<T>(
    patience: Patience,
    look: () => Promise<T>,
    isDone: (seen: T) => boolean,
    describe: (seen: T) => string,
): Promise<T> {
    const deadline = Date.now() + patience.timeoutMilliseconds;
    for (const pause of pauses()) {
        const seen = await look();
        if (isDone(seen)) {
            return seen;
        }
        if (Date.now() + pause > deadline) {
            const seconds = patience.timeoutMilliseconds / 1000;
            throw new Error(`timeout while waiting (last state: ${describe(seen)}, timeout: ${seconds}s)`);
        }
        await sleep(pause, undefined, { signal: patience.signal });
    }
    throw new Error("unreachable");
}
