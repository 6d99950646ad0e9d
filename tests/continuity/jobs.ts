/** Work for several stations, each of which takes the next piece as soon as it is free. */
import type { Station } from "./station";

export interface Job {
    readonly name: string;
    run(station: Station): Promise<void>;
}

export async function runJobs(jobs: readonly Job[], stations: readonly Station[], progress: Progress): Promise<void> {
    const left = [...jobs];
    await Promise.all(
        stations.map(async (station) => {
            for (let job = left.shift(); job; job = left.shift()) {
                progress.begins(job.name);
                await job.run(station);
                progress.ends(job.name);
            }
        }),
    );
}

/** Tells every so often what is under way, for whoever wonders whether anything is. */
export class Progress {
    private readonly running = new Map<string, number>();
    private readonly timer: NodeJS.Timeout;

    public constructor(
        private readonly say: (line: string) => void,
        everySeconds = 10,
    ) {
        this.timer = setInterval(() => this.tell(), everySeconds * 1000);
        this.timer.unref();
    }

    public begins(name: string): void {
        this.running.set(name, Date.now());
    }

    public ends(name: string): void {
        this.running.delete(name);
    }

    private tell(): void {
        const since = [...this.running].map(
            ([name, at]) => `${name} for ${String(Math.round((Date.now() - at) / 1000))} s`,
        );
        if (since.length > 0) {
            this.say(`… ${since.join(", ")}`);
        }
    }

    public stop(): void {
        clearInterval(this.timer);
    }
}
