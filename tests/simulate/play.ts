/** Plays a simulated history, ends all that perturbs it, and checks that the hand-over and the hand-back are reached from there. */
import type { RunContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, TIMEOUTS } from "../model/engine";
import { injectFault } from "../model/faults";
import { begin, endAllFaults, reachGoals, reachHandBack, runTurn, type Scenario, type Turn } from "../model/modelRun";
import { Operator } from "../model/operator";
import type { ModelWorld } from "../model/world";
import { SimulatedAccount } from "./account";
import { endEvents, injectEvent, type TimedEvent } from "./events";
import type { Perturbations } from "./perturbations";
import { Perturber } from "./perturber";
import { beginLasting, type Lasting } from "./lasting";
import { Rival, type RivalTurn } from "./rival";
import { Trace, traced } from "./trace";
import { checkWrites } from "./undoing";

export interface SimulatedTurn extends Turn {
    readonly perturbed?: Perturbations;
    readonly events?: readonly TimedEvent[];
    readonly rival?: RivalTurn;
}

export interface Simulation extends Scenario {
    readonly turns: readonly SimulatedTurn[];
    /** The goal that the operator wants first, after all faults have ended. The hand-back follows a hand-over in any case. */
    readonly wants?: "handOver" | "handBack";
    /** What stays as it is when the faults end: a healthy fleet, in which the goals must be reached all the same. */
    readonly lasting?: readonly Lasting[];
}

export interface Played {
    readonly problems: readonly string[];
    readonly log: readonly string[];
}

/** The most calls that all runs towards a goal make together, by the number of nodes at the end: liveness in a stated number of steps. */
export const mostCalls = (nodes: number): number => 400 + 20 * nodes;

export async function play(simulation: Simulation, planted = REAL_RESOURCES, trace = new Trace()): Promise<Played> {
    const perturber = new Perturber((what) => trace.perturbs(what));
    let around = (context: RunContext): RunContext => context;
    const resources = traced(planted, trace, (context) => around(context));
    const { world, engine } = await begin(simulation, resources);
    const account = new SimulatedAccount(world);
    around = (context) => perturber.perturbed(account.seenThrough(checkWrites(context, world)), world);
    const rival = new Rival(world, resources);
    for (const turn of simulation.turns) {
        perturber.begin(turn.perturbed);
        (turn.events ?? []).forEach(({ after, event }) =>
            world.later(world.now + after, () => injectEvent(world, account, event)),
        );
        await Promise.all([runTurn(world, engine, turn), ...(turn.rival === undefined ? [] : [rival.run(turn.rival)])]);
        trace.atMost("nodes", world.nodes.length);
        checkCanaries(world, turn, trace);
    }
    perturber.begin();
    endAllFaults(world);
    endEvents(world, account);
    const stuck = await rival.leave(engine);
    if (stuck !== "") {
        world.problem(`the second stack cannot be destroyed: ${stuck}`);
    }
    const { lasting = [] } = simulation;
    beginLasting(world, account, lasting);
    const calls = new Map<string, number>();
    const operator = new Operator(world, engine, simulation.last, {
        "aws-region-refused": () => account.leaveDenied(),
    });
    const count = (goal: string, { calls: made }: { readonly calls: number }) =>
        calls.set(goal, (calls.get(goal) ?? 0) + made);
    if (simulation.wants === "handBack") {
        await reachHandBack(world, engine, operator, (goal, run) => count(`${goal} at first`, run));
        // A hand-over detaches nothing while a node is NotReady, unless maxNotReadyNodes allows it.
        injectFault(world, { kind: "nodesReturn" });
    }
    await reachGoals(world, engine, operator, count);
    calls.forEach((made, goal) => {
        checkCalls(world, goal, made);
        trace.atMost(`calls: ${goal}`, made);
        trace.atMost(`calls for each node: ${goal}`, Math.round(made / world.nodes.length));
    });
    countLog(world, trace);
    return { problems: world.problems, log: world.log };
}

/**
 * A canary without a path is taken back: at the limit of one pod, and within that time again (handover/run/rollOut.ts, takeBackRollout.ts).
 */
const MOST_CANARY_SECONDS = 2 * TIMEOUTS.canarySeconds + 60;

function checkCanaries(world: ModelWorld, { operation }: Turn, trace: Trace): void {
    const seconds = world.longestCanaryMilliseconds / 1000;
    if (operation.do === "up") {
        trace.atMost("seconds of a canary without a path", seconds);
        if (seconds > MOST_CANARY_SECONDS) {
            world.problem(`a canary has had no path for more than ${String(MOST_CANARY_SECONDS)} s of one run`);
        }
    }
}

function checkCalls(world: ModelWorld, goal: string, made: number): void {
    const most = mostCalls(world.nodes.length);
    if (made > most) {
        world.problem(`${goal} takes more than ${String(most)} calls`);
    }
}

/** The faults before all of them end, and the kills by the call before or after which they came. */
function countLog({ log }: ModelWorld, trace: Trace): void {
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
