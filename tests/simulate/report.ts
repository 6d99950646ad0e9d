/** What a campaign prints at its end. */
import type { Violation } from "./batch";
import { mostCalls } from "./checks";
import { SITUATIONS } from "./situations";
import type { Counts, Trace } from "./trace";
import { refusalCodes, TRANSITIONS } from "./transitions";

export interface Totals {
    readonly seed: number;
    readonly workers: number;
    runs: number;
    /** States of small clusters from which both goals were tried. */
    states: number;
    /** The runs that this took. */
    killRuns: number;
    elapsedMilliseconds: number;
    /** Of all processes. */
    cpuMilliseconds: number;
}

const number = (value: number) => Math.round(value).toLocaleString("en-US");
const plural = (count: number, what: string) => `${number(count)} ${what}${count === 1 ? "" : "s"}`;

/** How many runs there are in a minute of elapsed time, and in a minute of CPU time. */
export function speed({ runs, killRuns, elapsedMilliseconds, cpuMilliseconds }: Totals): string {
    const all = runs + killRuns;
    const aMinute = (milliseconds: number) => number((all * 60_000) / Math.max(milliseconds, 1));
    return `${aMinute(elapsedMilliseconds)} runs a minute, ${aMinute(cpuMilliseconds)} for each minute of a core's CPU time`;
}

export function report(totals: Totals, trace: Trace): string {
    const { seed, workers, runs, states, killRuns } = totals;
    const minutes = (totals.elapsedMilliseconds / 60_000).toFixed(1);
    const codes = refusalCodes();
    return [
        `Seed ${String(seed)}: ${plural(runs, "random history").replace("historys", "histories")} in ${minutes} min on ${plural(workers, "process").replace("processs", "processes")}; ${speed(totals)}.`,
        `Kills of small clusters: both goals from each of ${plural(states, "state")} (${plural(killRuns, "run")}).`,
        "",
        ...section("Transitions", TRANSITIONS, trace.steps),
        ...section("Refusals", codes, trace.refusals),
        ...section("Situations", SITUATIONS, trace.situations),
        "Perturbed",
        ...table(trace.perturbed),
        "",
        ...liveness(trace.most),
    ].join("\n");
}

/** Why a campaign fails that has found no violation. */
export function tooFew({ runs }: Pick<Totals, "runs">, atLeast = 0): string | undefined {
    return runs < atLeast ? `Only ${number(runs)} histories of at least ${number(atLeast)} were played.` : undefined;
}

/** What was reached of all that there is, and what was not. */
function section(title: string, all: readonly string[], reached: Counts): string[] {
    const never = all.filter((one) => reached[one] === undefined);
    const unknown = Object.keys(reached).filter((one) => !all.includes(one));
    return [
        `${title}: ${String(all.length - never.length)} of ${String(all.length)} reached`,
        ...table(reached),
        ...(never.length === 0 ? [] : [`  never reached: ${never.join(", ")}`]),
        ...(unknown.length === 0 ? [] : [`  not in the list: ${unknown.join(", ")}`]),
        "",
    ];
}

function table(counts: Counts): string[] {
    return Object.entries(counts)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([what, count]) => `  ${number(count).padStart(10)}  ${what}`);
}

function liveness(most: Counts): string[] {
    const nodes = most["nodes"] ?? 0;
    return [
        `Liveness: after the last fault, each goal is reached in at most ${String(mostCalls(0))} calls, and ${String(mostCalls(1) - mostCalls(0))} more for each node`,
        ...table(Object.fromEntries(Object.entries(most).filter(([what]) => what !== "nodes"))),
        `  ${number(nodes).padStart(10)}  nodes at most`,
    ];
}

/** The lines of the log that are shown around the first problem. */
const LINES_BEFORE = 60;
const LINES_AFTER = 5;

/** The command that plays the history again. */
export function again({ seed, path }: Pick<Violation, "seed" | "path">): string {
    return path === ""
        ? "a kill of a small cluster"
        : `again: npm run test:simulate -- --again ${String(seed)},${path}`;
}

/** The shortest history of a violation, and the command that plays it again. */
export function describe({ seed, path, problems, log, history }: Violation, position: number): string {
    const at = log.findIndex((line) => line.includes("!!!"));
    return [
        `  ${String(position)}) ${problems[0] ?? ""}`,
        ...problems.slice(1).map((problem) => `     ${problem}`),
        `     ${again({ seed, path })}`,
        `     the shortest history: ${JSON.stringify(history)}`,
        ...log.slice(Math.max(0, at - LINES_BEFORE), at + LINES_AFTER).map((line) => `     ${line}`),
        "",
    ].join("\n");
}
