/**
 * The process that a sandbox lives in. sandbox.ts starts it, detached, with the options as JSON. Until the sandbox is
 * ready, the supervisor reports its progress over IPC, and ends if its parent exits.
 */
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

let ending = false;

/** The first reason to end counts: an interrupted start fails as well, because of the interruption. */
async function end(code: number): Promise<void> {
    if (ending) {
        return;
    }
    ending = true;
    await sandbox.stop().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    // Also the processes that were just being started.
    await endProcesses(marker(options));
    (code === 0 ? removeDirectory : keepLogs)(options);
    forgetState(options);
    process.exit(code);
}

/** The pid alone is not enough: the kernel reuses pids. */
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
        tell({ failed: reason });
        await end(1);
    }
}

void main();
