import { spawn } from "child_process";
import { randomBytes } from "crypto";
import type { Stack } from "@pulumi/pulumi/automation";
import { factsOf, killAll, processesOf, RUN_MARK } from "../../continuity/engine/processes";

/** `pulumi up` as somebody types it, who can type Ctrl-C too. */
export function typeUp(stack: Stack) {
    const mark = randomBytes(8).toString("hex");
    const args = ["up", "--yes", "--skip-preview", "--non-interactive", "--color", "never", "--stack", stack.name];
    const child = spawn("pulumi", args, {
        cwd: stack.workspace.workDir,
        env: { ...process.env, ...stack.workspace.envVars, [RUN_MARK]: mark },
        stdio: ["ignore", "pipe", "pipe"],
        // A process group of its own, as a shell makes one for each command: a terminal's Ctrl-C goes to all of it.
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
        /** Resolves when the run shows these words. */
        shows: (words: RegExp) =>
            new Promise<void>((resolve, reject) => {
                look = () => {
                    if (words.test(output)) {
                        resolve();
                    } else if (child.exitCode !== null) {
                        reject(new Error(`it ended before it showed ${String(words)}:\n${output}`));
                    }
                };
                look();
            }),
        /** Ctrl-C. */
        interrupt: () => process.kill(-(child.pid ?? 0), "SIGINT"),
        /** The engine alone, as when the system runs out of memory. */
        killEngine: () => child.kill("SIGKILL"),
        ended,
        output: () => output,
        /** Who is still at work of it: the engine starts its plugins in process groups of their own. */
        left: () => processesOf(mark),
        /** Of those, the ones with the live checks: Pulumi's SDK runs them by these programs. */
        liveChecksLeft: () =>
            processesOf(mark).filter((pid) => /cmd\/(?:dynamic-provider|run-plugin)/.test(factsOf(pid, "cmdline"))),
        kill: () => killAll(mark),
    };
}
