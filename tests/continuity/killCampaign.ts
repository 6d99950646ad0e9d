import { cacheRoot } from "local-eks";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

interface Noted {
    readonly course: Course;
    readonly finished: Outcome[];
}

/** The progress of a long campaign on disk, so that it can be stopped and resumed. */
export class CampaignNotes {
    private readonly file: string;
    private noted: Noted | undefined;

    /** The file name contains a hash of the package: another build starts another campaign. */
    public constructor(packageFolder: string, seed: number, nodes: number) {
        const code = createHash("sha256");
        const files = readdirSync(join(packageFolder, "dist"), { recursive: true, encoding: "utf8" }).sort();
        files
            .filter((file) => file.endsWith(".js"))
            .forEach((file) => code.update(readFileSync(join(packageFolder, "dist", file))));
        const key = `${String(seed)}-${String(nodes)}-${code.digest("hex").slice(0, 12)}`;
        this.file = join(cacheRoot(), "continuity", `campaign-${key}.json`);
        try {
            this.noted = JSON.parse(readFileSync(this.file, "utf8")) as Noted;
        } catch {
            this.noted = undefined;
        }
    }

    public get course(): Course | undefined {
        return this.noted?.course;
    }

    public get finished(): readonly Outcome[] {
        return this.noted?.finished ?? [];
    }

    public begin(course: Course): void {
        this.noted ??= { course, finished: [] };
        this.write();
    }

    /** Saves only points that passed: failed points run again the next time. */
    public note(outcome: Outcome): void {
        if (outcome.kind === "point" && outcome.problems.length === 0) {
            this.noted?.finished.push(outcome);
            this.write();
        }
    }

    public forget(): void {
        rmSync(this.file, { force: true });
    }

    private write(): void {
        mkdirSync(dirname(this.file), { recursive: true });
        writeFileSync(this.file, JSON.stringify(this.noted));
    }
}
