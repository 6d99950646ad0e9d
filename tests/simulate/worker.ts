/** A process that plays what the main process sends. */
import { type BatchResult, playBatch } from "./batch";
import { explore, type Explored, type KillsOf } from "./exhaustive";

export type Task =
    | { readonly kind: "batch"; readonly seed: number; readonly runs: number }
    | { readonly kind: "kills"; readonly of: KillsOf };

export interface Done {
    readonly result: BatchResult & Partial<Pick<Explored, "states">>;
    /** The CPU time of the task. */
    readonly cpuMilliseconds: number;
}

async function perform(task: Task): Promise<Done> {
    const before = process.cpuUsage();
    const result = task.kind === "batch" ? await playBatch(task) : await explore(task.of);
    const { user, system } = process.cpuUsage(before);
    return { result, cpuMilliseconds: (user + system) / 1000 };
}

process.on("message", (task: Task) => {
    perform(task).then(
        (done) => process.send?.(done),
        (error: unknown) => {
            process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
            process.exit(1);
        },
    );
});
