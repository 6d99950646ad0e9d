import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TurningOff } from "../model/turningOff";
import { engineAddress } from "./engineAddress";

/**
 * Tells the live checks of the same run that the program continues without them.
 *
 * An update that turns them off deletes their resources as a destroy does, and a provider cannot tell the two apart. A mark on the
 * cluster cannot either: it stays there when the engine is killed, and a later destroy would then let the role go under the pods. So
 * the program leaves a note that only this run's providers accept. They are other processes on the same machine, and share nothing
 * with the program but the address of the engine.
 */
export function leaveNote(manager: string, engine: string | undefined, turningOff: TurningOff): void {
    if (engine === undefined) {
        return;
    }
    if (turningOff === "registered" && readNote(manager, engine) !== undefined) {
        return;
    }
    const directory = notesDirectory();
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (!isOurs(directory)) {
        throw new Error(`${directory} belongs to another user. Set TMPDIR to a directory of your own, and run again.`);
    }
    removeOldNotes(directory);
    writeFileSync(fileOf(manager, engine), JSON.stringify({ startedBy: process.ppid, turningOff }), {
        mode: 0o600,
    });
}

/** The note of this run's program. One of another run does not count. */
export function readNote(manager: string, engine: string | undefined, now = Date.now()): TurningOff | undefined {
    if (engine === undefined) {
        return undefined;
    }
    try {
        const file = fileOf(manager, engine);
        const { startedBy, turningOff } = JSON.parse(readFileSync(file, "utf8")) as Note;
        const isOfThisRun = isOurs(notesDirectory()) && isRunning(startedBy);
        const isRecent = now - statSync(file).mtimeMs < LONGEST_RUN_MILLISECONDS;
        return isOfThisRun && isRecent ? (turningOff as TurningOff) : undefined;
    } catch {
        // There is no note, or its writer was killed.
        return undefined;
    }
}

/** The file of a note. A writer that was killed leaves a part of it. */
interface Note {
    /** The process that started the program: the engine or its language host, which runs as long as the engine. */
    readonly startedBy?: unknown;
    readonly turningOff?: unknown;
}

/** A later engine may get the same port. By then the processes of the earlier one have ended. */
function isRunning(pid: unknown): boolean {
    try {
        // Signal 0 only tests for the process: https://nodejs.org/api/process.html#processkillpid-signal
        return process.kill(pid as number, 0);
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}

/** And a later process may get the same number. */
const LONGEST_RUN_MILLISECONDS = 12 * 3600 * 1000;

/** The port of the engine whose address is among these texts. */
export function enginePort(texts: readonly string[]): string | undefined {
    return engineAddress(texts)?.split(":").at(-1);
}

/** The user's own directory: another user could leave notes in a shared one. */
function notesDirectory(): string {
    return join(tmpdir(), `eks-cni-${String(process.getuid?.() ?? "notes")}`);
}

function isOurs(directory: string): boolean {
    const stats = lstatSync(directory);
    return stats.isDirectory() && (process.getuid === undefined || stats.uid === process.getuid());
}

/** Each run has a file of its own: a stack of the same names may run at the same time, with another backend. */
function fileOf(manager: string, engine: string): string {
    const digest = createHash("sha256").update(manager).digest("hex").slice(0, 32);
    return join(notesDirectory(), `${digest}-${engine}.json`);
}

function removeOldNotes(directory: string): void {
    for (const name of readdirSync(directory)) {
        const file = join(directory, name);
        const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
        if (age >= LONGEST_RUN_MILLISECONDS) {
            rmSync(file, { force: true });
        }
    }
}
