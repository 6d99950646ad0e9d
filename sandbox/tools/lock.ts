import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * When a process started, in clock ticks since boot (field 22 of proc_pid_stat(5)); undefined if it does not exist, or
 * is only a zombie. With the pid it identifies one process for good: pids are reused.
 */
export function processStart(pid: number): string | undefined {
    try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return fields[0] === "Z" ? undefined : fields[19];
    } catch {
        return undefined;
    }
}

function isAlive(owner: string): boolean {
    const [pid, start] = owner.split(" ");
    return start !== undefined && processStart(Number(pid)) === start;
}

async function ownerOf(path: string): Promise<string | undefined> {
    return readFile(path, "utf8").catch(() => undefined);
}

/**
 * Runs `work` while no other process runs it under the same lock file. Takes over the lock of a process that has ended.
 * (By a race of microseconds two processes may take it over. Then they build the same thing twice, without harm: each
 * build has its own folder, and the last step is one rename.)
 */
export async function withLock<T>(path: string, onWait: (pid: string) => void, work: () => Promise<T>): Promise<T> {
    const mine = `${process.pid} ${processStart(process.pid) ?? ""}`;
    const claim = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
    await writeFile(claim, mine);
    try {
        await acquire(path, claim, onWait);
    } finally {
        await rm(claim, { force: true });
    }
    try {
        return await work();
    } finally {
        if ((await ownerOf(path)) === mine) {
            await rm(path, { force: true });
        }
    }
}

async function acquire(path: string, claim: string, onWait: (pid: string) => void): Promise<void> {
    let announced = false;
    for (;;) {
        try {
            // link(2) fails if the name exists, and the file appears with its content: a lock is never empty.
            await link(claim, path);
            return;
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
                throw error;
            }
        }
        const owner = await ownerOf(path);
        if (owner !== undefined && !isAlive(owner)) {
            const stale = `${claim}.stale`;
            await rename(path, stale).catch(() => undefined);
            await rm(stale, { force: true });
        } else if (owner !== undefined) {
            if (!announced) {
                onWait(owner.split(" ")[0] ?? "");
                announced = true;
            }
            await sleep(250);
        }
    }
}
