/** Claims a sandbox's name, starts its supervisor, and ends a sandbox. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Message } from "./supervisor";
import { assertRoom } from "./supervisorDisk";
import { type MarkedProcess, endProcesses, markedProcesses } from "./supervisorProcesses";
import {
    type SandboxState,
    type SupervisorOptions,
    forgetState,
    isAlive,
    marker,
    markerVariable,
    prepareDirectory,
    readState,
    registryFolder,
    removeDirectory,
    self,
    withoutAws,
    writeState,
} from "./supervisorState";
import type { ToolPaths } from "./tools";
import { withLock } from "./tools/lock";
import { lastLines } from "./tools/run";

/** Claims the name, after removing the remains of a killed sandbox of that name. */
export async function claim(options: SupervisorOptions): Promise<void> {
    mkdirSync(registryFolder(), { recursive: true });
    assertRoom(registryFolder(), 1);
    const lock = join(registryFolder(), `${options.name}.lock`);
    await withLock(
        lock,
        () => undefined,
        async () => {
            const former = readState(options.name);
            if (former && isAlive(former)) {
                throw new Error(
                    `A sandbox named "${options.name}" is already running (process ${former.supervisorPid}). ` +
                        `Choose another name, or end it with: npm run sandbox -- down --name ${options.name}`,
                );
            }
            if (former) {
                await endSandbox(former);
            }
            prepareDirectory(options.directory);
            assertRoom(options.directory);
            writeState({ options, phase: "starting", ...self(), startedAt: new Date().toISOString() });
        },
    );
}

/**
 * Ends the supervisor first, which ends the other processes in order; then the remaining ones, as of a killed
 * supervisor.
 */
export async function endSandbox(state: SandboxState): Promise<MarkedProcess[]> {
    const mark = marker(state.options);
    const found = markedProcesses(mark);
    if (isAlive(state)) {
        await endProcesses(mark, { only: state.supervisorPid, graceSeconds: 15 });
    }
    await endProcesses(mark);
    removeDirectory(state.options);
    forgetState(state.options);
    return found;
}

export async function startSupervisor(
    options: SupervisorOptions,
    tools: ToolPaths,
    say: (line: string) => void,
): Promise<void> {
    const logs = join(options.directory, "logs");
    mkdirSync(logs, { recursive: true });
    const logPath = join(logs, "supervisor.log");
    const log = openSync(logPath, "a");
    const child = spawn(
        process.execPath,
        [
            "-r",
            require.resolve("ts-node/register/transpile-only"),
            join(__dirname, "supervisor.ts"),
            JSON.stringify({ options, tools }),
        ],
        {
            cwd: __dirname,
            detached: true,
            env: { ...withoutAws(process.env), [markerVariable]: marker(options) },
            stdio: ["ignore", log, log, "ipc"],
        },
    );
    closeSync(log);
    await new Promise<void>((done, fail) => {
        let reason = "";
        child.once("error", fail);
        child.once("exit", (code) => {
            const unexpected = `Its supervisor ended (${code ?? "killed"}):\n${lastLines(logPath)}\nLog: ${logPath}`;
            fail(new Error(`The sandbox did not start. ${reason || unexpected}`));
        });
        child.on("message", (message: Message) => {
            if ("progress" in message) {
                say(message.progress);
            } else if ("failed" in message) {
                reason = message.failed;
            } else {
                done();
            }
        });
    });
    child.removeAllListeners();
    child.disconnect();
    child.unref();
}
