import type { Job } from "./jobs";
import { judge } from "./judge";
import { type Course, type KillPoint, nameOf, type Operation } from "./killPoints";
import { KillRun } from "./killRun";
import type { Outcome } from "./report";
import type { Context } from "./scenarioJob";
import { noGaps } from "./scenarios/scenario";
import type { Station } from "./station";

/** Node-seconds are not judged here: how many pods a killed run restarts depends on the kill point. */
const bound = { ...noGaps, rollouts: 0, restarts: 0 };

/** Runs the kill points of one run of this program. */
export class KillCampaign {
    private readonly plays = new Map<Station, KillRun>();
    private opened = 0;

    public constructor(private readonly context: Context) {}

    public job(point: KillPoint): Job {
        return {
            name: nameOf(point),
            run: async (station) => this.context.finished(await this.outcomeOf(point, station)),
        };
    }

    private async outcomeOf(point: KillPoint, station: Station): Promise<Outcome> {
        const started = Date.now();
        const name = nameOf(point);
        const replay = `${this.context.command} --only ${name}`;
        const about = { kind: "point" as const, name, mustShowGaps: false, replay };
        try {
            const play = await this.playOn(station);
            const judged = await judge(play.stage, bound, undefined, () => play.play(point));
            if (judged.problems.length > 0) {
                this.plays.delete(station); // Its leftovers must not fail the next point.
            }
            const title = play.wasReached ? name : `${name} (the run ended before the kill)`;
            const logs = play.stage.props.directory;
            return { ...about, ...judged, title, milliseconds: Date.now() - started, logs };
        } catch (error) {
            this.plays.delete(station);
            const problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
            return {
                ...about,
                title: name,
                problems,
                verdict: undefined,
                milliseconds: Date.now() - started,
                logs: "",
            };
        }
    }

    public courseJob(
        operations: readonly Operation[],
        found: (course: Course) => void,
        say: (line: string) => void,
    ): Job {
        return {
            name: `an uninterrupted run of ${operations.join(", ")}`,
            run: async (station) => {
                const course = await (await this.playOn(station)).course(operations);
                Object.entries(course).forEach(([operation, { writes, milliseconds }]) => {
                    const counted = `${String(writes.length)} writes, ${(milliseconds / 1000).toFixed(0)} s`;
                    say(
                        `${operation}: ${counted}\n${writes.map((write, index) => `  ${String(index + 1).padStart(3)} ${write}`).join("\n")}`,
                    );
                });
                found(course);
            },
        };
    }

    private async playOn(station: Station): Promise<KillRun> {
        const former = this.plays.get(station);
        if (former !== undefined && station.isCurrent(former.stage)) {
            return former;
        }
        const play = await KillRun.on(await station.fresh(`kill-campaign-${String(++this.opened)}`));
        this.plays.set(station, play);
        return play;
    }
}
