import { fstatSync } from "node:fs";

/**
 * Ends the process of a live check when the engine is gone, for example killed.
 *
 * No engine records its steps then, and the next run continues from the state that it observes. Two processes at the same time
 * would undo each other's steps.
 *
 * The engine holds the other end of the standard streams, but the SDK does not check it. After a broken pipe, the SDK would write
 * the error to the same pipe, without end (uncaughtHandler of
 * https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/dynamic-provider/index.ts). It ignores a log message that cannot be
 * delivered (https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/log/index.ts).
 */
export function exitWithEngine(): void {
    for (const stream of [process.stdout, process.stderr]) {
        stream.off("error", end).on("error", end);
    }
    // The engine creates a pipe and never writes to it. Any other standard input says nothing about the engine
    // (https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/go/common/resource/plugin/plugin.go, StdinPipe).
    if (isPipe(0)) {
        process.stdin.off("end", end).on("end", end).resume();
        process.stdin.unref();
    }
}

function isPipe(descriptor: number): boolean {
    try {
        return fstatSync(descriptor).isFIFO();
    } catch {
        // The descriptor is closed.
        return false;
    }
}

function end(): never {
    process.exit(1);
}
