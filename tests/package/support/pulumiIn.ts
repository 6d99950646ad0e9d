import { execFile } from "child_process";
import { promisify } from "util";

/** Runs commands of the CLI in the folder of a program. Returns both streams, or the first where it is the command's answer. */
export function pulumiIn(env: NodeJS.ProcessEnv): (folder: string, ...args: string[]) => Promise<string> {
    return async (cwd, ...args) => {
        const run = promisify(execFile)("pulumi", [...args, "--non-interactive"], { cwd, env, maxBuffer: 1e8 });
        const { stdout, stderr } = await run.catch((error: unknown) => {
            const { stdout: out = "", stderr: err = "" } = error as { stdout?: string; stderr?: string };
            throw new Error(`pulumi ${args.join(" ")} failed:\n${out}${err}`);
        });
        return args.includes("--json") || args.includes("get-schema") ? stdout : stdout + stderr;
    };
}
