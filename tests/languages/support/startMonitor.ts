import type { Sandbox } from "local-eks";
import { experiencesOf } from "../../continuity/judge";
import { Monitor } from "../../continuity/monitor/monitor";
import { noGaps } from "../../continuity/scenarios/scenario";
import { type Verdict, verdictOf } from "../../continuity/verdict";

/** Two rollouts to a role and one back, each with a canary before it. */
const BOUND = { ...noGaps, rollouts: 3, restarts: 3 };

/** Starts the monitor of the continuity suite. The verdict includes the probes of the pods' paths, and the calls of the CNI in them. */
export async function startMonitor(sandbox: Sandbox): Promise<{ verdict: () => Verdict; stop: () => void }> {
    const monitor = new Monitor(sandbox);
    await monitor.start();
    const since = Date.now();
    return {
        verdict: () => verdictOf(monitor.recording(since, Date.now()), BOUND, experiencesOf(sandbox), undefined),
        stop: () => monitor.stop(),
    };
}
