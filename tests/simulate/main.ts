/** `npm run test:simulate`: random histories of fleets on the model of cluster and account. */
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { kindOf, playBatch, type Violation } from "./batch";
import { allKills } from "./exhaustive";
import { type Again, type Options, readOptions } from "./options";
import { playAll } from "./pool";
import { again, describe, report, speed, tooFew, type Totals } from "./report";
import { Trace } from "./trace";
import type { Done, Task } from "./worker";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const DEFAULT_RUNS = 1000;
/** So that the processes end at about the same time, and a violation is found soon. */
const RUNS_OF_A_BATCH = 20;
/** The seeds of the batches of two campaigns differ. */
const BATCHES_OF_A_SEED = 1_000_003;
const PROGRESS_MILLISECONDS = 30_000;

class Campaign {
    private readonly started = Date.now();
    private readonly trace = new Trace();
    private readonly violations = new Map<string, Violation>();
    private readonly kills: Task[];
    private readonly totals: Totals;
    private readonly wanted: number;
    private handedOut = 0;
    private batches = 0;

    public constructor(private readonly options: Options) {
        const { runs, minutes, exhaustive } = options;
        this.kills = allKills(exhaustive).map((of) => ({ kind: "kills", of }));
        this.wanted = runs ?? (minutes === undefined ? DEFAULT_RUNS : Infinity);
        this.totals = {
            seed: options.seed ?? randomInt(1_000_000),
            workers: options.workers ?? availableParallelism(),
            runs: 0,
            states: 0,
            killRuns: 0,
            elapsedMilliseconds: 0,
            cpuMilliseconds: 0,
        };
    }

    public async run(): Promise<boolean> {
        const { totals } = this;
        say(`Seed ${String(totals.seed)}, ${String(totals.workers)} processes`);
        const timer = setInterval(() => this.progress(), PROGRESS_MILLISECONDS);
        try {
            await playAll(
                totals.workers,
                () => this.next(),
                (done) => this.finished(done),
            );
        } finally {
            clearInterval(timer);
        }
        totals.elapsedMilliseconds = Date.now() - this.started;
        say(`\n${report(totals, this.trace)}\n`);
        [...this.violations.values()].forEach((violation, index) => say(describe(violation, index + 1)));
        const { size } = this.violations;
        say(size === 0 ? "No violation." : `  ${String(size)} failing`);
        const missed = tooFew(totals, this.options.atLeast);
        if (missed !== undefined) {
            say(missed);
        }
        return size === 0 && missed === undefined;
    }

    private next(): Task | undefined {
        const { minutes = Infinity } = this.options;
        const kills = this.kills.shift();
        if (kills !== undefined) {
            return kills;
        }
        if (this.handedOut >= this.wanted || Date.now() - this.started >= minutes * 60_000) {
            return undefined;
        }
        const runs = Math.min(RUNS_OF_A_BATCH, this.wanted - this.handedOut);
        const seed = (this.totals.seed * BATCHES_OF_A_SEED + this.batches) | 0;
        this.handedOut += runs;
        this.batches += 1;
        return { kind: "batch", seed, runs };
    }

    private finished({ result, cpuMilliseconds }: Done): void {
        const { totals } = this;
        const { runs, states, trace, violation } = result;
        if (states === undefined) {
            totals.runs += runs;
        } else {
            totals.states += states;
            totals.killRuns += runs;
        }
        totals.cpuMilliseconds += cpuMilliseconds;
        this.trace.join(trace);
        if (violation !== undefined) {
            this.found(violation);
        }
    }

    /** Keeps the shortest history of each kind of problem. */
    private found(violation: Violation): void {
        const kind = violation.problems.map(kindOf)[0] ?? "";
        const length = ({ history }: Violation) => JSON.stringify(history).length;
        const before = this.violations.get(kind);
        if (before === undefined) {
            say(`VIOLATION: ${violation.problems.join("; ")}\n  ${again(violation)}`);
        }
        if (before === undefined || length(violation) < length(before)) {
            this.violations.set(kind, violation);
        }
    }

    private progress(): void {
        const { totals } = this;
        totals.elapsedMilliseconds = Date.now() - this.started;
        say(`… ${String(totals.runs + totals.killRuns)} runs, ${speed(totals)}`);
    }
}

async function playAgain({ seed, path }: Again): Promise<boolean> {
    const { violation } = await playBatch({ seed, path, runs: RUNS_OF_A_BATCH });
    say(violation === undefined ? "The history has no problem." : describe(violation, 1));
    return violation === undefined;
}

async function main(): Promise<boolean> {
    const options = readOptions(process.argv);
    return options.again === undefined ? new Campaign(options).run() : playAgain(options.again);
}

main().then(
    (passed) => (process.exitCode = passed ? 0 : 1),
    (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        process.exitCode = 1;
    },
);
