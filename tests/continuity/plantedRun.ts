/** Shows of each planted bug that the scenarios see it, and that the kill campaign does. */
import { join } from "node:path";
import type { ToolPaths } from "local-eks";
import { type Progress, runJobs } from "./jobs";
import { KillCampaign } from "./killCampaign";
import { pointOf } from "./killPoints";
import { plant, type PlantedBug, PLANTED_BUGS } from "./plantedBugs";
import { header, line, type Outcome } from "./report";
import { type Context, scenarioJob } from "./scenarioJob";
import { SCENARIOS } from "./scenarios";
import type { Sizes } from "./sizes";
import { makeStations } from "./station";

export interface PlantedRun {
    readonly sizes: Sizes;
    readonly tools: ToolPaths;
    readonly directory: string;
    readonly progress: Progress;
    /** Names of some of them. */
    readonly only: readonly string[] | undefined;
    say(text: string): void;
}

/** Gives how many were seen by both, and how many were not. */
export async function runPlantedBugs(run: PlantedRun): Promise<{ seen: number; missed: number }> {
    const bugs = PLANTED_BUGS.filter(({ name }) => run.only?.includes(name) ?? true);
    let seen = 0;
    for (const bug of bugs) {
        const isSeen = await isSeenByBoth(bug, run);
        seen += isSeen ? 1 : 0;
    }
    return { seen, missed: bugs.length - seen };
}

async function isSeenByBoth(bug: PlantedBug, run: PlantedRun): Promise<boolean> {
    const { sizes, tools, progress } = run;
    const say = (text: string) => run.say(text);
    const directory = join(run.directory, bug.name);
    const packageFolder = join(directory, "package");
    say(`\nPlanted: ${bug.name}\n${header()}`);
    plant(bug, packageFolder);
    const outcomes: Outcome[] = [];
    const finished = (outcome: Outcome) => {
        outcomes.push(outcome);
        say(line(outcome));
        outcome.problems.forEach((problem) => say(problem.replace(/^/gm, "        ")));
    };
    const context: Context = { command: "npm run test:continuity --", finished };
    const campaign = new KillCampaign(context);
    const stations = makeStations(2, { sizes, tools, directory, packageFolder, say });
    const scenarios = SCENARIOS.filter(({ name }) => bug.scenarios.includes(name));
    const points = bug.points.flatMap((name) => pointOf(name) ?? []);
    try {
        await runJobs(
            [
                ...scenarios.map((scenario) => scenarioJob(scenario, context)),
                ...points.map((point) => campaign.job(point)),
            ],
            stations,
            progress,
        );
    } finally {
        await Promise.all(stations.map((station) => station.close()));
    }
    const isSeen = ({ problems, verdict }: Outcome) =>
        problems.length > 0 && (bug.shows === "refusals" || (verdict?.figures.podSeconds ?? 0) > 0);
    const seenBy = (kind: Outcome["kind"]) =>
        outcomes.filter((outcome) => outcome.kind === kind && isSeen(outcome)).map(({ name }) => name);
    const [inScenarios, atPoints] = [seenBy("scenario"), seenBy("point")];
    const words = (names: string[]) => (names.length > 0 ? names.join(", ") : "NOBODY");
    say(`${bug.name}: seen in the scenarios by ${words(inScenarios)}; in the kill campaign by ${words(atPoints)}`);
    return inScenarios.length > 0 && atPoints.length > 0;
}
