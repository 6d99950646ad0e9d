/** The output of a run: a line for each scenario and kill point, and the closing lines. Pure. */
import { seconds, type Verdict } from "./verdict";

export interface Outcome {
    readonly kind: "scenario" | "point";
    readonly name: string;
    readonly title: string;
    readonly milliseconds: number;
    /** Undefined if it failed before there was anything to judge. */
    readonly verdict: Verdict | undefined;
    readonly problems: readonly string[];
    /** How to run this one again. */
    readonly replay: string;
    /** The folder of its logs. */
    readonly logs: string;
    /** Its pod-seconds must be more than zero, to prove that the monitor detects gaps. They are not added to the total. */
    readonly mustShowGaps: boolean;
}

const HEADER = ["", "pod-s", "longest", "pods", "canary", "probes", "calls", "refused", "node-s over", "time", ""];
const WIDTHS = [9, 8, 8, 5, 7, 7, 6, 7, 11, 6];

export function header(): string {
    return [
        "By the monitor's probe of each pod's path: pod-s, longest, pods, canary; probes is how often it asked.",
        "By the CNI's own calls, which the agents make: calls, refused.",
        columns(HEADER),
    ].join("\n");
}

export function line({ title, verdict, problems, milliseconds }: Outcome): string {
    const { figures, nodeSecondsBeyond, probes, agentCalls, refusedCalls } = verdict ?? {};
    const number = (value: number | undefined, digits = 1) => (value === undefined ? "-" : value.toFixed(digits));
    return columns([
        problems.length === 0 ? "ok" : "FAILED",
        number(figures?.podSeconds),
        number(figures?.longestGapSeconds),
        number(figures?.podsWithoutPath, 0),
        number(figures?.canaryPodSeconds),
        number(probes, 0),
        number(agentCalls, 0),
        number(refusedCalls, 0),
        number(nodeSecondsBeyond),
        `${(milliseconds / 1000).toFixed(0)} s`,
        title,
    ]);
}

function columns(cells: readonly string[]): string {
    return cells
        .map((cell, index) => (index === 0 ? cell.padEnd(WIDTHS[0] ?? 0) : cell.padStart(WIDTHS[index] ?? 0)))
        .join(" ");
}

/** The details of each failure, with the command that runs it again. */
export function failures(outcomes: readonly Outcome[]): string[] {
    return outcomes
        .filter(({ problems }) => problems.length > 0)
        .flatMap(({ title, problems, replay, logs }, index) => [
            `  ${String(index + 1)}) ${title}`,
            ...problems.flatMap((problem) => problem.split("\n").map((text) => `     ${text}`)),
            `     again: ${replay}`,
            `     logs: ${logs}`,
            "",
        ]);
}

/** The headline, and two lines as mocha prints them, from which the gate counts the tests. */
export function closing(outcomes: readonly Outcome[], milliseconds: number): string[] {
    const count = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
    const counted = outcomes.filter(({ mustShowGaps: mustShowGaps }) => !mustShowGaps);
    const sum = (value: (verdict: Verdict) => number) =>
        counted.reduce((total, { verdict }) => total + (verdict ? value(verdict) : 0), 0);
    const failing = outcomes.filter(({ problems }) => problems.length > 0).length;
    const podSeconds = sum(({ figures }) => figures.podSeconds);
    const canarySeconds = sum(({ figures }) => figures.canaryPodSeconds);
    const sights = outcomes
        .filter(({ mustShowGaps: mustShowGaps }) => mustShowGaps)
        .map(
            ({ name, verdict: { figures, refusedCalls } = { figures: { podSeconds: 0 }, refusedCalls: 0 } }) =>
                `${name} shows ${seconds(figures.podSeconds)} and ${String(refusedCalls)} refused calls`,
        );
    return [
        `${String(count("scenario"))} scenarios, ${String(count("point"))} kill points: ${podSeconds.toFixed(1)} pod-seconds without a path` +
            ` (canaries: ${canarySeconds.toFixed(1)}), by the monitor's probe`,
        `The CNI's own calls, by the agents: ${String(sum(({ agentCalls }) => agentCalls))}, of which ${String(sum(({ refusedCalls }) => refusedCalls))} were refused`,
        ...outsiderLines(counted),
        ...(sights.length > 0
            ? [`The monitor's probe detects gaps, which the CNI may not notice: ${sights.join(", ")}`]
            : []),
        "",
        `  ${String(outcomes.length - failing)} passing (${minutes(milliseconds)})`,
        ...(failing > 0 ? [`  ${String(failing)} failing`] : []),
    ];
}

/** What outsiders' writes cost, which no run could prevent, and how long the runs that repair it took. */
function outsiderLines(outcomes: readonly Outcome[]): string[] {
    return outcomes
        .filter(({ verdict }) => (verdict?.figures.outsiderPodSeconds ?? 0) > 0)
        .map(
            ({ name, verdict }) =>
                `Outsiders' time in ${name}: ${(verdict?.figures.outsiderPodSeconds ?? 0).toFixed(1)} pod-seconds; the longest repair took ` +
                seconds(verdict?.figures.longestRepairSeconds ?? 0),
        );
}

export function minutes(milliseconds: number): string {
    return milliseconds < 60_000
        ? `${String(Math.round(milliseconds / 1000))}s`
        : `${String(Math.round(milliseconds / 60_000))}m`;
}
