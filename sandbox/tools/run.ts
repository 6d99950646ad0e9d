import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

/** The last lines of a log, which contain the reason of a failure. */
export function lastLines(path: string, count = 20): string {
    try {
        return readFileSync(path, "utf8").trimEnd().split("\n").slice(-count).join("\n");
    } catch {
        return "(no log)";
    }
}

export interface Command {
    program: string;
    arguments: string[];
    directory?: string;
    environment?: NodeJS.ProcessEnv;
    /** Both streams are appended to this file. */
    log: string;
}

/** Resolves to the exit code (128 for a signal); rejects only if the program cannot be started. */
export function run(command: Command): Promise<number> {
    return new Promise((resolve, reject) => {
        const log = openSync(command.log, "a");
        const child = spawn(command.program, command.arguments, {
            cwd: command.directory,
            env: command.environment ?? process.env,
            stdio: ["ignore", log, log],
        });
        closeSync(log);
        child.once("error", reject);
        child.once("exit", (code) => resolve(code ?? 128));
    });
}

/** Runs a short command and returns its output on both streams; undefined if it failed. */
export function ask(program: string, args: string[], timeoutMs = 10_000): Promise<string | undefined> {
    return new Promise((resolve) => {
        const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
        let output = "";
        const collect = (chunk: Buffer) => {
            output += chunk.toString();
        };
        child.stdout.on("data", collect);
        child.stderr.on("data", collect);
        child.once("error", () => resolve(undefined));
        child.once("close", (code) => resolve(code === 0 ? output : undefined));
    });
}
