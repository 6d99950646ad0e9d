import { fstatSync } from "node:fs";

/**
 * Ends the process of a live check once the engine is gone, killed for instance: nobody records what is done here any more, and the
 * next run goes on from what it sees. Two at work at once would undo each other's steps.
 *
 * The engine holds the other end of the standard streams. The SDK does not look whether it is still there: it would go on, and write
 * the error of a pipe that broke to that pipe, without end (uncaughtHandler of
 * https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/dynamic-provider/index.ts), and a log that reaches nobody is no error
 * to it (https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/log/index.ts).
 */
export function endWithTheEngine(): void {
    for (const stream of [process.stdout, process.stderr]) {
        stream.off("error", end).on("error", end);
    }
    // The engine makes a pipe and never writes to it; anything else says nothing of the engine
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
        // It is closed.
        return false;
    }
}

function end(): never {
    process.exit(1);
}
