/** Refuses to start a sandbox on a full disk, and explains a start that fails on one. */
import { existsSync, readFileSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { saysDiskFull } from "./tools/run";

/**
 * Room for etcd's log, which it preallocates in files of 64 MB, Pulumi's plugins, and the logs: 248 MB after the start.
 */
const neededMegabytes = 300;

function freeMegabytes(folder: string): number {
    const { bavail, bsize } = statfsSync(folder);
    return Math.floor((bavail * bsize) / 2 ** 20);
}

function diskIsFull(folder: string, free: number, needed: number): string {
    return `The disk is full: the file system of ${folder} has ${free} MB left, and a sandbox needs ${needed} MB there.`;
}

export function assertRoom(folder: string, megabytes = neededMegabytes): void {
    const free = freeMegabytes(folder);
    if (free < megabytes) {
        const reason = diskIsFull(folder, free, megabytes);
        throw new Error(`${reason} Free some space, or choose another folder with --directory.`);
    }
}

/** Whether a program's log says so. A program that fails on a full disk may release its own space as it ends. */
function wasFull(folder: string): boolean {
    const logs = join(folder, "logs");
    return existsSync(logs) && readdirSync(logs).some((log) => saysDiskFull(readFileSync(join(logs, log), "utf8")));
}

/** An addition to a failure's message: on a full disk, programs often end with nothing in their logs. */
export function fullDiskNote(folder: string): string {
    const free = freeMegabytes(folder);
    return free < 2 || wasFull(folder) ? `\n${diskIsFull(folder, free, neededMegabytes)}` : "";
}
