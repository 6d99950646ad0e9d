import { allProcesses, factsOf } from "../../continuity/engine/processes";

/** Pulumi's Node.js SDK runs the code of dynamic providers in a process of its own: cmd/dynamic-provider. */
const DYNAMIC_PROVIDER = "cmd/dynamic-provider";

/** How often the processes are looked for. What is read of one is its peak, so only its last moments can be missed. */
const EVERY_MILLISECONDS = 200;

/** The most memory that a process with the live checks has taken since this was asked last, in MB. */
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
        (pid) => factsOf(pid, "cmdline").includes(DYNAMIC_PROVIDER) && factsOf(pid, "environ").includes(sandboxName),
    );
}

/** `VmHWM:   123456 kB`, see proc_pid_status(5). */
function residentPeak(pid: number): number {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(factsOf(pid, "status"))?.[1] ?? 0) / 1024;
}
