import { isRefusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { RunContext } from "../observe/runContext";

/** Failures that may pass without any action of the user: an API server that restarts, throttling, a short network outage. */
const TRANSIENT = ["cluster-unreachable", "cluster-throttled", "aws-throttled", "aws-unreachable"];

/** Counted from the first failure. The clients have already retried for up to a minute before each failure arrives here. */
const RETRY_FOR_MILLISECONDS = 180_000;
const RETRY_EVERY_MILLISECONDS = 2000;

/** Retries transient failures, for a limited time. */
export class TransientRetry {
    private failingSince: number | undefined;

    public constructor(private readonly context: RunContext) {}

    /** Repeats a read until it succeeds. */
    public async read<T>(read: () => Promise<T>): Promise<T> {
        for (;;) {
            try {
                const answer = await read();
                this.failingSince = undefined;
                return answer;
            } catch (error) {
                await this.pause(error);
            }
        }
    }

    /** Tries a write once, and reports whether it succeeded. It is not repeated as it is: the world may have changed. */
    public async write(write: () => Promise<void>): Promise<boolean> {
        try {
            await write();
            return true;
        } catch (error) {
            await this.pause(error);
            return false;
        }
    }

    private async pause(error: unknown): Promise<void> {
        if (this.context.cancelled?.aborted) {
            throw refusals.cancelled();
        }
        const now = this.context.now();
        this.failingSince ??= now;
        if (!isRefusal(error, ...TRANSIENT) || now - this.failingSince >= RETRY_FOR_MILLISECONDS) {
            throw error;
        }
        this.context.progress(`${error.seen} Trying again`);
        await this.context.sleep(RETRY_EVERY_MILLISECONDS);
    }
}
