/**
 * Run by fullDisk.test.ts in its own mount namespace: `startOnSmallDisk.ts NAME FOLDER MOMENT`. Starts a sandbox in
 * FOLDER, and fills that disk when the sandbox reports MOMENT. Prints why the sandbox did not start.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { startSandbox } from "../../../sandbox";

const [name = "", directory = "", moment = ""] = process.argv.slice(2);

function fillDisk(): void {
    const megabyte = Buffer.alloc(2 ** 20);
    for (const size of [megabyte, megabyte.subarray(0, 4096)]) {
        try {
            for (;;) {
                appendFileSync(join(directory, "filler"), size);
            }
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOSPC") {
                throw error;
            }
        }
    }
}

const onProgress = (line: string) => {
    if (line.includes(moment)) {
        fillDisk();
        // Programs release space that they had preallocated; it is filled, too.
        setInterval(fillDisk, 5).unref();
    }
};

startSandbox({ name, directory, nodes: 1, podReadySeconds: 0.2, ownerPid: process.pid, onProgress }).then(
    () => process.stdout.write("It started.\n"),
    (error: unknown) => process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`),
);
