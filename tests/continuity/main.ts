/** `npm run test:continuity`: measures from outside the package how long pods have no path. */
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureAllTools } from "local-eks";
import { CampaignNotes } from "./campaignNotes";
import { copyPackage } from "./engine/program";
import { type Job, Progress, runJobs } from "./jobs";
import { KillCampaign } from "./killCampaign";
import { type Course, killPoints, type KillPoint, nameOf, operationsOf, partOf, pointOf } from "./killPoints";
import { type Options, readOptions } from "./options";
import { closing, failures, header, line, type Outcome } from "./report";
import { type Context, baselineJob, scenarioJob } from "./scenarioJob";
import { SCENARIOS } from "./scenarios";
import { FULL, QUICK } from "./sizes";
import { makeStations, type Station } from "./station";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** The work that the options select. */
interface Plan {
    readonly scenarios: typeof SCENARIOS;
    readonly named: readonly KillPoint[];
    /** The number of points of the kill campaign. */
    readonly points: number;
}

/** Otherwise a run with only misspelled names would do nothing, and pass. */
function unknownNames({ only = [] }: Options): string[] {
    return only.filter((name) => !SCENARIOS.some((one) => one.name === name) && pointOf(name) === undefined);
}

/** Their steps name the policy of IPv4. */
function onIpv4Alone({ ipFamily, only }: Options): string[] {
    const all = only ?? ["all scenarios, and the kill campaign"];
    return ipFamily === "ipv4" ? [] : all.filter((name) => !SCENARIOS.some((one) => one.name === name && one.onIpv6));
}

function planOf({ only, points, quick }: Options): Plan {
    if (only !== undefined) {
        const scenarios = only.flatMap((name) => SCENARIOS.find((one) => one.name === name) ?? []);
        return { scenarios, named: only.flatMap((name) => pointOf(name) ?? []), points: 0 };
    }
    const ofThisSize = SCENARIOS.filter(({ quick: isQuick, campaign }) => (isQuick || !quick) && !campaign);
    const scenarios = points !== undefined ? [] : ofThisSize;
    return { scenarios, named: [], points: points ?? 6 };
}

class Run {
    private readonly started = Date.now();
    private readonly directory = mkdtempSync(join(tmpdir(), "eks-cni-continuity-"));
    private readonly outcomes: Outcome[] = [];
    private readonly progress = new Progress(say);
    private readonly seed: number;
    private readonly stations: Station[] = [];
    private notes: CampaignNotes | undefined;
    private readonly context: Context;
    private readonly campaign: KillCampaign;

    public constructor(private readonly options: Options) {
        this.seed = options.seed ?? randomInt(1_000_000);
        const family = options.ipFamily === "ipv6" ? " --ip-family ipv6" : "";
        const provider = process.env["EKS_CNI_KUBERNETES_PROVIDER"];
        const variable = provider ? `EKS_CNI_KUBERNETES_PROVIDER=${provider} ` : "";
        const command = `${variable}npm run test:continuity --${options.quick ? " --quick" : ""}${family}`;
        this.context = { command, finished: (outcome) => this.finished(outcome) };
        this.campaign = new KillCampaign(this.context);
    }

    public async all(): Promise<boolean> {
        const { scenarios, named, points } = planOf(this.options);
        const sizes = this.options.quick ? QUICK : FULL;
        const packageFolder = join(this.directory, "package");
        copyPackage(packageFolder);
        const tools = await ensureAllTools(process.stderr);
        const wanted = this.options.stations ?? (scenarios.length + named.length === 1 ? 1 : 2);
        const { part, ipFamily } = this.options;
        const common = { sizes, tools, directory: this.directory, packageFolder, part, ipFamily, say };
        this.stations.push(...makeStations(wanted, common));
        const operations = operationsOf(points);
        const provider = tools["pulumi-resource-kubernetes"];
        const key = { packageFolder, provider, seed: this.seed, nodes: sizes.nodes, operations };
        this.notes = points > 0 ? new CampaignNotes(key) : undefined;
        let course: Course | undefined = this.notes?.course;
        const preparations: Job[] = [
            ...(scenarios.length > 0 ? [baselineJob(this.context, say)] : []),
            ...(points > 0 && course === undefined
                ? [this.campaign.courseJob(operations, (found) => (course = found), say)]
                : []),
        ];
        await this.run(preparations);
        const campaign = course === undefined ? [] : this.pointsOf(course, points);
        say(header());
        await this.run([
            ...scenarios.map((scenario) => scenarioJob(scenario, this.context)),
            ...[...named, ...campaign].map((point) => this.campaign.job(point)),
        ]);
        return this.report(scenarios);
    }

    private pointsOf(course: Course, count: number): KillPoint[] {
        this.notes?.begin(course);
        const before = this.notes?.finished ?? [];
        const points = killPoints(count, this.seed, course);
        const all = this.options.part === undefined ? points : partOf(points, this.options.part);
        const done = before.filter(({ name }) => all.some((point) => nameOf(point) === name));
        this.outcomes.push(...done);
        say(
            `Seed ${String(this.seed)}: ${String(all.length)} kill points, ${String(done.length)} of them already done.`,
        );
        return all.filter((point) => !done.some(({ name }) => name === nameOf(point)));
    }

    private run(jobs: readonly Job[]): Promise<void> {
        return runJobs(jobs, this.stations, this.progress);
    }

    private finished(outcome: Outcome): void {
        this.outcomes.push(outcome);
        this.notes?.note(outcome);
        say(line(outcome));
        outcome.problems.forEach((problem) => say(problem.replace(/^/gm, "        ")));
    }

    private report(scenarios: typeof SCENARIOS): boolean {
        const skipped = SCENARIOS.filter((scenario) => !scenarios.includes(scenario)).map(({ name }) => name);
        const failed = this.outcomes.some(({ problems }) => problems.length > 0);
        say(`\n${header()}\n${this.outcomes.map(line).join("\n")}\n`);
        say(failures(this.outcomes).join("\n"));
        if (this.options.quick && this.options.only === undefined) {
            say(`Left out by --quick: ${skipped.join(", ")}; 12 nodes, longer delays; most kill points`);
        }
        say(closing(this.outcomes, Date.now() - this.started).join("\n"));
        if (!failed) {
            this.notes?.forget();
        }
        return !failed;
    }

    public async close(keep: boolean): Promise<void> {
        this.progress.stop();
        await Promise.all(this.stations.map((station) => station.close()));
        if (keep) {
            say(`Logs: ${this.directory}`);
        } else {
            rmSync(this.directory, { recursive: true, force: true });
        }
    }
}

async function main(): Promise<void> {
    const options = readOptions(process.argv);
    if (options.list) {
        say(SCENARIOS.map(({ name }) => name).join("\n"));
        return;
    }
    const unknown = unknownNames(options);
    if (unknown.length > 0) {
        say(`Unknown scenario or kill point: ${unknown.join(", ")}. Run with --list to see the scenarios.`);
        process.exitCode = 1;
        return;
    }
    const refused = onIpv4Alone(options);
    if (refused.length > 0) {
        say(
            `Only on IPv4: ${refused.join(", ")}. Run without --ip-family, or name the moves to Pod Identity in --only.`,
        );
        process.exitCode = 1;
        return;
    }
    const run = new Run(options);
    const end = () => void run.close(true).finally(() => process.exit(130));
    process.once("SIGINT", end);
    process.once("SIGTERM", end);
    let succeeded = false;
    try {
        succeeded = await run.all();
    } finally {
        await run.close(!succeeded || options.keep === true);
    }
    process.exitCode = succeeded ? 0 : 1;
}

main().catch((error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
});
