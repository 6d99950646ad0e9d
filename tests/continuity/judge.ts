/** Runs a scenario on a stage, and judges its time span. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentResults, probeResults, type Sandbox } from "local-eks";
import type { ScenarioBound } from "./scenarios/scenario";
import type { Stage } from "./stage";
import { type Baseline, type Experiences, type Verdict, verdictOf } from "./verdict";

export function experiencesOf(sandbox: Sandbox): Experiences {
    return { probes: probeResults(sandbox), calls: agentResults(sandbox) };
}

/** An error becomes a problem. The time until then is judged in any case. */
export async function judge(
    stage: Stage,
    { canaryPodSeconds: canaries, ...others }: ScenarioBound,
    baseline: Baseline | undefined,
    play: () => Promise<void>,
): Promise<{ verdict: Verdict; problems: string[] }> {
    const problems: string[] = [];
    try {
        await play();
        await stage.settled();
    } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
    }
    const recording = stage.props.monitor.recording(stage.since, Date.now(), stage.outsiders);
    const bound = {
        ...others,
        canaryPodSeconds: typeof canaries === "function" ? canaries(stage.props.sizes) : canaries,
    };
    const verdict = verdictOf(recording, bound, experiencesOf(stage.sandbox), baseline);
    problems.push(...verdict.problems);
    if (problems.length > 0) {
        writeFileSync(join(stage.props.directory, "recording.json"), JSON.stringify(recording));
    }
    return { verdict, problems };
}
