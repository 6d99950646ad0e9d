import { statfsSync } from "node:fs";

/**
 * Room for etcd's log, which it preallocates in files of 64 MB, Pulumi's plugins, and the logs: 248 MB after the start.
 */
const neededMegabytes = 300;

/** Refuses to start a sandbox on a full disk, where programs often end with nothing in their logs. */
export function assertRoom(folder: string, megabytes = neededMegabytes): void {
    const { bavail, bsize } = statfsSync(folder);
    const free = Math.floor((bavail * bsize) / 2 ** 20);
    if (free < megabytes) {
        throw new Error(
            `The disk is full: the file system of ${folder} has ${free} MB left, and a sandbox needs ${megabytes} MB there. ` +
                "Free some space, or choose another folder with --directory.",
        );
    }
}
