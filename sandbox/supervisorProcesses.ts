/** Finds and ends the processes of a sandbox by their mark, regardless of their parents. */
import { readFileSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { markerVariable } from "./supervisorState";
import { processStart } from "./tools/lock";

export interface MarkedProcess {
    pid: number;
    name: string;
}

function environmentOf(pid: number): string[] {
    try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    } catch {
        return []; // It has ended, or belongs to another user.
    }
}

function carries(pid: number, mark: string): boolean {
    return processStart(pid) !== undefined && environmentOf(pid).includes(`${markerVariable}=${mark}`);
}

function nameOf(pid: number): string {
    const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const script = args.find((argument) => argument.endsWith("supervisor.ts"));
    return script ? "supervisor" : args.includes("moto.server") ? "moto" : basename(program);
}

export function markedProcesses(mark: string): MarkedProcess[] {
    return readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map(Number)
        .filter((pid) => pid !== process.pid && carries(pid, mark))
        .flatMap((pid) => {
            try {
                return [{ pid, name: nameOf(pid) }];
            } catch {
                return []; // It has ended since.
            }
        });
}

function signal(pid: number, mark: string, name: NodeJS.Signals): void {
    // The pid may belong to another process by now.
    if (carries(pid, mark)) {
        try {
            process.kill(pid, name);
        } catch {
            // It has ended since.
        }
    }
}

/**
 * Sends SIGTERM to the processes of a sandbox (or to one of them), and SIGKILL to those that still run after the grace
 * period.
 */
export async function endProcesses(
    mark: string,
    { only, graceSeconds = 3 }: { only?: number | undefined; graceSeconds?: number } = {},
): Promise<void> {
    const left = () => markedProcesses(mark).filter(({ pid }) => only === undefined || pid === only);
    left().forEach(({ pid }) => signal(pid, mark, "SIGTERM"));
    const deadline = Date.now() + graceSeconds * 1000;
    while (left().length > 0) {
        if (Date.now() > deadline) {
            left().forEach(({ pid }) => signal(pid, mark, "SIGKILL"));
        }
        await sleep(30);
    }
}
