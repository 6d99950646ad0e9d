/** The processes of a run of the engine, its providers and language host among them, found by a mark in their environment. */
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Plugins have process groups of their own (sdk/go/common/util/cmdutil), but everybody inherits the environment. */
export const RUN_MARK = "EKS_CNI_CONTINUITY_RUN";

/** Whoever still carries the mark and is no zombie. */
export function processesOf(mark: string): number[] {
    return allProcesses().filter((pid) => pid !== process.pid && carries(pid, mark));
}

export function allProcesses(): number[] {
    return readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map(Number);
}

function carries(pid: number, mark: string): boolean {
    return factsOf(pid, "environ").split("\0").includes(`${RUN_MARK}=${mark}`);
}

/** What the system tells of a process, see proc(5). Empty when it has ended, or belongs to somebody else. */
export function factsOf(pid: number, file: "cmdline" | "environ" | "status"): string {
    try {
        return readFileSync(`/proc/${String(pid)}/${file}`, "utf8");
    } catch {
        return "";
    }
}

/** SIGKILL to all of them, again until none is left: one of them may just have started another. */
export async function killAll(mark: string): Promise<void> {
    for (let left = processesOf(mark); left.length > 0; left = processesOf(mark)) {
        left.forEach(kill);
        await sleep(5);
    }
}

/** As many as there are at this instant, without waiting. */
export function killNow(mark: string): void {
    processesOf(mark).forEach(kill);
}

function kill(pid: number): void {
    try {
        process.kill(pid, "SIGKILL");
    } catch {
        // It has ended since.
    }
}
