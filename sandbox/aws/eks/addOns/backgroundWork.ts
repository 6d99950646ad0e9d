import { setTimeout as sleep } from "node:timers/promises";

/** Waits; with Infinity until the work is stopped. Rejects when it is stopped. */
export type Pause = (seconds: number) => Promise<void>;

/** The work that EKS goes on with after it has answered, one piece for each key. */
export class BackgroundWork {
    private readonly running = new Map<string, { readonly stop: () => void; readonly done: Promise<void> }>();

    /** Resolves when the work has ended or was stopped. */
    start(key: string, work: (pause: Pause) => Promise<void>): Promise<void> {
        const controller = new AbortController();
        const { signal } = controller;
        const pause: Pause = (seconds) =>
            seconds === Infinity ? untilAborted(signal) : sleep(seconds * 1000, undefined, { signal });
        const done = work(pause)
            .catch((error: unknown) => {
                if (!signal.aborted) {
                    throw error;
                }
            })
            .finally(() => {
                if (this.running.get(key)?.done === done) {
                    this.running.delete(key);
                }
            });
        // The caller may not wait for it.
        done.catch(() => undefined);
        this.running.set(key, { stop: () => controller.abort(), done });
        return done;
    }

    /** Stops the work, and waits for a request that is under way. */
    async stop(key: string): Promise<void> {
        const work = this.running.get(key);
        work?.stop();
        await work?.done.catch(() => undefined);
    }

    isRunning(key: string): boolean {
        return this.running.has(key);
    }

    /** Resolves when the work has ended by itself. */
    async ended(key: string): Promise<void> {
        await this.running.get(key)?.done;
    }

    async stopAll(): Promise<void> {
        await Promise.all([...this.running.keys()].map((key) => this.stop(key)));
    }
}

function untilAborted(signal: AbortSignal): Promise<void> {
    return new Promise((_, reject) => {
        const stop = () => reject(new Error("stopped"));
        signal.addEventListener("abort", stop, { once: true });
        if (signal.aborted) {
            stop();
        }
    });
}
