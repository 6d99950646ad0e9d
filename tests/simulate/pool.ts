/** Processes that play tasks: each gets the next one as soon as it is free. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Done, Task } from "./worker";

/** Rejects if a process ends before its answer. */
export async function playAll(
    size: number,
    next: () => Task | undefined,
    finished: (done: Done) => void,
): Promise<void> {
    const workers = Array.from({ length: size }, () => fork(join(__dirname, "worker.ts")));
    try {
        await Promise.all(
            workers.map(async (worker) => {
                for (let task = next(); task !== undefined; task = next()) {
                    finished(await perform(worker, task));
                }
            }),
        );
    } finally {
        workers.forEach((worker) => worker.disconnect());
    }
}

function perform(worker: ChildProcess, task: Task): Promise<Done> {
    return new Promise((resolve, reject) => {
        const ended = (code: number | null) =>
            reject(new Error(`a process ended with code ${String(code)}: ${JSON.stringify(task)}`));
        worker.once("exit", ended);
        worker.once("message", (done) => {
            worker.off("exit", ended);
            resolve(done as Done);
        });
        worker.send(task);
    });
}
