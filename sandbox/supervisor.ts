/**
 * The process that a sandbox lives in. sandbox.ts starts it, detached, with the options as JSON; until the sandbox is
 * ready it tells what it does over IPC, and if whoever started it goes away in that time, it ends.
 */
import { fullDiskNote } from "./supervisorDisk";
import { Sandbox } from "./supervisorParts";
import { endProcesses } from "./supervisorProcesses";
import {
    type SupervisorOptions,
    forgetState,
    keepLogs,
    marker,
    removeDirectory,
    self,
    writeState,
} from "./supervisorState";
import type { ToolPaths } from "./tools";
import { processStart } from "./tools/lock";

export type Message = { progress: string } | { ready: true } | { failed: string };

const { options, tools } = JSON.parse(process.argv[2] ?? "{}") as { options: SupervisorOptions; tools: ToolPaths };
const startedAt = new Date().toISOString();

const tell = (message: Message) => {
    if (process.connected) {
        process.send?.(message);
    }
};
const sandbox = new Sandbox(options, tools, (line) => tell({ progress: line }));

/** For `status`. Where the note cannot be written, as on a full disk, the end comes all the same. */
function noteStopping(): void {
    try {
        writeState({ options, phase: "stopping", ...self(), startedAt });
    } catch (error) {
        process.stderr.write(`${String(error)}\n`);
    }
}

let ending = false;

/** The first reason to end counts: a start that is broken off fails too, by that. */
async function end(code: number): Promise<void> {
    if (ending) {
        return;
    }
    ending = true;
    noteStopping();
    await sandbox.stop().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    // What was just being started when the end came.
    await endProcesses(marker(options));
    (code === 0 ? removeDirectory : keepLogs)(options);
    forgetState(options);
    process.exit(code);
}

/** The pid alone would not do: it is given out again. */
function watchOwner(pid: number): void {
    const start = processStart(pid);
    setInterval(() => {
        if (processStart(pid) !== start || start === undefined) {
            void end(0);
        }
    }, 1000).unref();
}

async function main(): Promise<void> {
    process.once("SIGTERM", () => void end(0));
    process.once("SIGINT", () => void end(0));
    const orphaned = () => void end(0);
    process.once("disconnect", orphaned);
    if (options.ownerPid !== undefined) {
        watchOwner(options.ownerPid);
    }
    try {
        writeState({ options, phase: "starting", ...self(), startedAt });
        const facts = await sandbox.start();
        writeState({ options, phase: "ready", ...self(), startedAt, facts });
        process.removeListener("disconnect", orphaned);
        tell({ ready: true });
    } catch (error) {
        process.removeListener("disconnect", orphaned);
        const reason = error instanceof Error ? error.message : String(error);
        tell({ failed: `${reason}${fullDiskNote(options.directory)}` });
        await end(1);
    }
}

void main();
