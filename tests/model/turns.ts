/** Several runs at once: each waits for its turn before each of its calls, and a choice decides which of them goes on. */
export class Turns {
    private waiting: (() => void)[] = [];

    /** @param choose Chooses one of so many runs. */
    public constructor(private readonly choose: (count: number) => number) {}

    public next(): Promise<void> {
        return new Promise((resolve) => this.waiting.push(resolve));
    }

    /** Plays the runs until each has ended. */
    public async play(runs: readonly Promise<unknown>[]): Promise<void> {
        let running = runs.length;
        const ended = runs.map((run) => run.finally(() => (running -= 1)));
        const all = Promise.allSettled(ended);
        while (running > 0) {
            // All of them come to their next call.
            await new Promise((resolve) => setImmediate(resolve));
            const { length } = this.waiting;
            const [resume] = length === 0 ? [] : this.waiting.splice(this.choose(length) % length, 1);
            resume?.();
        }
        await all;
    }
}
