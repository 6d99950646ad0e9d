/** Judges a time span on a cluster: its figures, and whether they are within the bound. Pure. */
import { type Figures, figuresOf, type Gap } from "./monitor/gaps";
import { disagreements, type Experience, failedCalls, within } from "./monitor/probes";
import type { Recording } from "./monitor/recording";
import type { Bound } from "./scenarios/scenario";

export interface Verdict {
    /** By the monitor's probe of each pod's path. */
    readonly figures: Figures;
    /** Node-seconds without a Ready pod beyond those of bare rolling restarts; undefined without a baseline. */
    readonly nodeSecondsBeyond: number | undefined;
    /** How often the probes asked. */
    readonly probes: number;
    /** How often the CNI itself called, by the agents: its starts, and the needs of its warm pool. */
    readonly agentCalls: number;
    /** How often it was refused. A gap in which the CNI calls nothing has none. */
    readonly refusedCalls: number;
    readonly problems: readonly string[];
}

/** The cost of a bare rolling restart of the same cluster. */
export interface Baseline {
    readonly nodeSeconds: number;
    readonly nodes: number;
}

/** What the pods experienced, by the sandbox's logs. */
export interface Experiences {
    readonly probes: readonly Experience[];
    readonly calls: readonly Experience[];
}

export function verdictOf(
    recording: Recording,
    bound: Bound,
    { probes, calls }: Experiences,
    baseline: Baseline | undefined,
): Verdict {
    const figures = figuresOf(recording);
    const called = within(calls, recording);
    const expected = baseline && expectedNodeSeconds(bound, baseline);
    const nodeSecondsBeyond = expected === undefined ? undefined : Math.max(0, figures.nodeSeconds - expected);
    return {
        figures,
        nodeSecondsBeyond,
        probes: within(probes, recording).length,
        agentCalls: called.length,
        refusedCalls: called.filter(({ ok }) => !ok).length,
        problems: [
            ...gapProblems(figures, bound),
            ...outsiderProblems(figures, recording),
            ...(nodeSecondsBeyond === undefined ? [] : nodeProblems(nodeSecondsBeyond, bound, baseline)),
            ...firstFew(disagreements(probes, figures, recording)),
            ...firstFew(failedCalls(calls, figures, recording)),
        ],
    };
}

/** Without the bound's single `restarts`: nodeProblems allows for them. */
function expectedNodeSeconds({ rollouts }: Bound, { nodeSeconds }: Baseline): number {
    return rollouts * nodeSeconds;
}

function gapProblems(figures: Figures, bound: Bound): string[] {
    const canaryTooLong = figures.canaryPodSeconds > bound.canaryPodSeconds;
    const canaries = `canaries had no path for ${seconds(figures.canaryPodSeconds)}; at most ${seconds(bound.canaryPodSeconds)} are allowed`;
    const describe = (gaps: readonly Gap[]) => firstFew(gaps.map(describeGap));
    if (bound.podSeconds === "some") {
        const { podsWithoutPath: atMost = Infinity } = bound;
        return [
            ...(figures.podSeconds > 0 ? [] : ["no gap was recorded: the monitor does not detect gaps"]),
            ...(figures.podsWithoutPath > atMost
                ? [`${String(figures.podsWithoutPath)} pods had no path; at most ${String(atMost)} are allowed`]
                : []),
        ];
    }
    return [
        ...(figures.podSeconds > 0
            ? [`${figures.podSeconds.toFixed(1)} pod-seconds without a path`, ...describe(figures.counted)]
            : []),
        ...(canaryTooLong ? [canaries, ...describe(figures.gaps.filter(({ canary }) => canary))] : []),
    ];
}

/** A scenario in which an outsider takes the pods' path has to show it, or it proves nothing. */
function outsiderProblems({ outsiderPodSeconds }: Figures, { outsiders = [] }: Recording): string[] {
    return outsiders.length > 0 && outsiderPodSeconds === 0
        ? ["no gap was recorded after an outsider's write: the pods did not lose their path"]
        : [];
}

/** A restart of one pod costs its share of a rolling restart. Timers and the machine's load may add half as much again. */
function nodeProblems(beyond: number, bound: Bound, baseline: Baseline | undefined): string[] {
    const { nodeSeconds, nodes } = baseline ?? { nodeSeconds: 0, nodes: 1 };
    const restarts = (bound.restarts * nodeSeconds) / nodes;
    const allowed = 0.5 * (bound.rollouts * nodeSeconds + restarts) + restarts + 2 + (bound.outageNodeSeconds ?? 0);
    return beyond > allowed
        ? [
              `nodes were without a Ready pod for ${seconds(beyond)} more than a bare restart costs; at most ${seconds(allowed)} are allowed`,
          ]
        : [];
}

function describeGap({ pod, node, from, to, reason }: Gap): string {
    return `${pod} on ${node} for ${seconds((to - from) / 1000)} from ${new Date(from).toISOString().slice(11, 23)}: ${reason}`;
}

export function seconds(value: number): string {
    return `${value.toFixed(1)} s`;
}

function firstFew(lines: readonly string[], count = 5): string[] {
    const more = lines.length - count;
    return more > 0 ? [...lines.slice(0, count), `and ${String(more)} more`] : [...lines];
}
