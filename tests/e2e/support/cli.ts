import type { Stack } from "@pulumi/pulumi/automation";
import { spawn } from "child_process";
import { randomBytes } from "crypto";
import { killAll, processesOf, readProcFile, RUN_MARK } from "../../continuity/engine/processes";

/** Runs `pulumi up` in a process group of its own, as a shell does, so that a test can press Ctrl-C. */
export const spawnUp = (stack: Stack) => spawnCommand(stack, "up");

/** The same for `pulumi destroy`. */
export const spawnDestroy = (stack: Stack) => spawnCommand(stack, "destroy");

function spawnCommand(stack: Stack, command: "up" | "destroy") {
    const mark = randomBytes(8).toString("hex");
    const args = [command, "--yes", "--skip-preview", "--non-interactive", "--color", "never", "--stack", stack.name];
    const child = spawn("pulumi", args, {
        cwd: stack.workspace.workDir,
        env: { ...process.env, ...stack.workspace.envVars, [RUN_MARK]: mark },
        stdio: ["ignore", "pipe", "pipe"],
        // A terminal sends Ctrl-C to the whole process group.
        detached: true,
    });
    let output = "";
    let look: () => void = () => undefined;
    for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
            output += chunk.toString();
            look();
        });
    }
    const ended = new Promise<{ code: number | null; at: number }>((resolve) =>
        child.on("close", (code) => {
            resolve({ code, at: Date.now() });
            look();
        }),
    );
    return {
        /** Resolves when the output matches. */
        shows: (pattern: RegExp) =>
            new Promise<void>((resolve, reject) => {
                look = () => {
                    if (pattern.test(output)) {
                        resolve();
                    } else if (child.exitCode !== null) {
                        reject(new Error(`it ended before it showed ${String(pattern)}:\n${output}`));
                    }
                };
                look();
            }),
        /** Ctrl-C. */
        interrupt: () => process.kill(-(child.pid ?? 0), "SIGINT"),
        /** Kills only the engine, as the OOM killer does. */
        killEngine: () => child.kill("SIGKILL"),
        ended,
        output: () => output,
        /** The processes of this run that still exist. The engine starts its plugins in process groups of their own. */
        remainingProcesses: () => processesOf(mark),
        /** Those of them that run the live checks: the SDK's dynamic provider, and the package's plugin. */
        remainingLiveChecks: () =>
            processesOf(mark).filter((pid) =>
                /cmd\/dynamic-provider|bin\/pulumi-resource-eks-cni/.test(readProcFile(pid, "cmdline")),
            ),
        kill: () => killAll(mark),
    };
}
