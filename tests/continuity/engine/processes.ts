/** Finds all processes of an engine run, including providers and language host, by a mark in their environment. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Plugins have their own process groups (sdk/go/common/util/cmdutil), but every process inherits the environment. */
export const RUN_MARK = "EKS_CNI_CONTINUITY_RUN";

/** PIDs of the processes with the mark. A zombie is not among them: its environment cannot be read. */
export function processesOf(mark: string): number[] {
    return allProcesses().filter((pid) => pid !== process.pid && carries(pid, mark));
}

export function allProcesses(): number[] {
    return readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map(Number);
}

function carries(pid: number, mark: string): boolean {
    return readProcFile(pid, "environ").split("\0").includes(`${RUN_MARK}=${mark}`);
}

/** A file of the process in /proc, see proc(5). Empty if the process has ended or belongs to another user. */
export function readProcFile(pid: number, file: "cmdline" | "environ" | "status"): string {
    try {
        return readFileSync(`/proc/${String(pid)}/${file}`, "utf8");
    } catch {
        return "";
    }
}

/** Sends SIGKILL until no process remains: a process may have just started another one. */
export async function killAll(mark: string): Promise<void> {
    for (let left = processesOf(mark); left.length > 0; left = processesOf(mark)) {
        left.forEach(kill);
        await sleep(5);
    }
}

/** Sends SIGKILL once, without waiting. */
export function killNow(mark: string): void {
    processesOf(mark).forEach(kill);
}

function kill(pid: number): void {
    try {
        process.kill(pid, "SIGKILL");
    } catch {
        // The process has already ended.
    }
}
