/** What must hold of each run and of the runs towards a goal, and what a history has done, for the report. */
import { TIMEOUTS } from "../model/engine";
import type { ModelWorld } from "../model/world";
import type { Trace } from "./trace";

/** The most calls that all runs towards a goal make together, by the number of nodes at the end: liveness in a stated number of steps. */
export const mostCalls = (nodes: number): number => 400 + 20 * nodes;

/**
 * A canary without a path is taken back: at the limit of one pod, and within that time again (handover/run/rollOut.ts, takeBackRollout.ts).
 */
const MOST_CANARY_SECONDS = 2 * TIMEOUTS.canarySeconds + 60;

export function checkCanaries(world: ModelWorld, { do: command }: { readonly do: string }, trace: Trace): void {
    const seconds = world.longestCanaryMilliseconds / 1000;
    if (command === "up") {
        trace.atMost("seconds of a canary without a path", seconds);
        if (seconds > MOST_CANARY_SECONDS) {
            world.problem(`a canary has had no path for more than ${String(MOST_CANARY_SECONDS)} s of one run`);
        }
    }
}

/** The calls of all runs towards each goal. */
export class CallsTowards {
    private readonly calls = new Map<string, number>();

    public add(goal: string, { calls }: { readonly calls: number }): void {
        this.calls.set(goal, (this.calls.get(goal) ?? 0) + calls);
    }

    public check(world: ModelWorld, trace: Trace): void {
        const nodes = Math.max(world.nodes.length, 1);
        const most = mostCalls(nodes);
        this.calls.forEach((made, goal) => {
            if (made > most) {
                world.problem(`${goal} takes more than ${String(most)} calls`);
            }
            trace.atMost(`calls: ${goal}`, made);
            trace.atMost(`calls for each node: ${goal}`, Math.round(made / nodes));
        });
    }
}

/** The faults before all of them end, and the kills by the call before or after which they came. */
export function countLog(log: readonly string[], trace: Trace): void {
    for (const line of log.slice(
        0,
        log.findIndex((one) => one.endsWith("== all faults end")),
    )) {
        const text = line.slice(LENGTH_OF_TIME);
        const [, fault] = /^\*\* (?!the |pods )(\w+)/.exec(text) ?? [];
        const [, killed] = /^killed (?:before|after): (.*)$/.exec(text) ?? [];
        if (fault !== undefined) {
            trace.perturbs(fault);
        }
        if (killed !== undefined) {
            trace.perturbs(
                `killed at: ${killed.replace(/\b(?:arn:\S+|pod\d+|to \S+|from \S+|with \S+|\d+)/g, "").trim()}`,
            );
        }
    }
}

/** The log has the time before each line: ModelWorld.note. */
const LENGTH_OF_TIME = 10;
