import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type SandboxOptions } from "../../../sandbox";
import { markedProcesses } from "../../../supervisorProcesses";
import { type SandboxState, marker, readState } from "../../../supervisorState";
import { type ToolPaths, ensureAllTools } from "../../../tools";
import { awsWebhookOf } from "../../../tools/awsWebhook";

export const quiet = () => undefined;

/** Small and quick; ends with the test run, also with a killed one. */
export function small(name: string, more: SandboxOptions = {}): SandboxOptions & { name: string } {
    const unique = `${name}-${process.pid}`;
    return { nodes: 1, podReadySeconds: 0.2, ownerPid: process.pid, onProgress: quiet, ...more, name: unique };
}

export function stateOf(name: string): SandboxState {
    const state = readState(name);
    if (!state) {
        throw new Error(`no state of ${name}`);
    }
    return state;
}

export function processesOf(state: SandboxState): string[] {
    return markedProcesses(marker(state.options))
        .map(({ name }) => name)
        .sort();
}

export const allProcesses = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "moto",
    // Two replicas of AWS's own webhook, where it is on PATH.
    ...(awsWebhookOf(undefined) === undefined ? [] : ["pod-identity-webhook", "pod-identity-webhook"]),
    "supervisor",
];

export async function until(
    what: string,
    condition: () => boolean,
    seconds: number,
    intervalMilliseconds = 50,
): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!condition()) {
        if (Date.now() > deadline) {
            throw new Error(`after ${seconds} s still not: ${what}`);
        }
        await sleep(intervalMilliseconds);
    }
}

export function tools(): Promise<ToolPaths> {
    return ensureAllTools({ write: quiet });
}

export interface Result {
    code: number | null;
    stdout: string;
    stderr: string;
}

const cli = ["-r", "ts-node/register/transpile-only", join(__dirname, "../../../cli.ts")];

/** Starts the command line; `onError` receives its standard error as it is written. */
export function startCli(args: string[], onError: (text: string) => void = quiet) {
    const child = spawn(process.execPath, [...cli, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const result: Result = { code: null, stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (result.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
        result.stderr += chunk.toString();
        onError(chunk.toString());
    });
    const ended = new Promise<Result>((resolve) => {
        child.once("close", (code) => resolve({ ...result, code }));
    });
    return { child, ended };
}

export const runCli = (...args: string[]) => startCli(args).ended;
