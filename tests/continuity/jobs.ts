/** Distributes jobs over several stations: each takes the next job as soon as it is free. */
import type { Station } from "./station";

export interface Job {
    readonly name: string;
    run(station: Station): Promise<void>;
}

export async function runJobs(jobs: readonly Job[], stations: readonly Station[], progress: Progress): Promise<void> {
    const queue = [...jobs];
    await Promise.all(
        stations.map(async (station) => {
            for (let job = queue.shift(); job; job = queue.shift()) {
                progress.begins(job.name);
                await job.run(station);
                progress.ends(job.name);
            }
        }),
    );
}

/** Prints the running jobs every few seconds, so that a long run does not look stuck. */
export class Progress {
    private readonly running = new Map<string, number>();
    private readonly timer: NodeJS.Timeout;

    public constructor(
        private readonly say: (line: string) => void,
        everySeconds = 10,
    ) {
        this.timer = setInterval(() => this.print(), everySeconds * 1000);
        this.timer.unref();
    }

    public begins(name: string): void {
        this.running.set(name, Date.now());
    }

    public ends(name: string): void {
        this.running.delete(name);
    }

    private print(): void {
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
