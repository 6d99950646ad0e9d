import { allProcesses, readProcFile } from "../../continuity/engine/processes";

/** Pulumi's Node.js SDK runs dynamic providers in a separate process: cmd/dynamic-provider. */
const DYNAMIC_PROVIDER = "cmd/dynamic-provider";

/** The interval of the samples. Each sample reads the peak of a process so far, so only its last moments can be missed. */
const EVERY_MILLISECONDS = 200;

/** The peak memory of a process with the live checks since the last call of `take`, in MB. */
export interface PeakMemory {
    take(): number;
    stop(): void;
}

export function watchPeakMemory(sandboxName: string): PeakMemory {
    let peak = 0;
    const timer = setInterval(() => {
        peak = Math.max(peak, ...liveChecks(sandboxName).map(residentPeak));
    }, EVERY_MILLISECONDS);
    return {
        take: () => {
            const taken = peak;
            peak = 0;
            return taken;
        },
        stop: () => clearInterval(timer),
    };
}

/** The processes of dynamic providers that belong to this sandbox's stacks. */
function liveChecks(sandboxName: string): number[] {
    return allProcesses().filter(
        (pid) =>
            readProcFile(pid, "cmdline").includes(DYNAMIC_PROVIDER) &&
            readProcFile(pid, "environ").includes(sandboxName),
    );
}

/** `VmHWM:   123456 kB`, see proc_pid_status(5). */
function residentPeak(pid: number): number {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readProcFile(pid, "status"))?.[1] ?? 0) / 1024;
}
