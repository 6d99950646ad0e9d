/** Plays a simulated history, ends all that perturbs it, and checks that the hand-over and the hand-back are reached from there. */
import type { RunContext } from "../../handover/observe/runContext";
import { REAL_RESOURCES, type Resources } from "../model/engine";
import { injectFault } from "../model/faults";
import { begin, endAllFaults, reachGoals, reachHandBack, runTurn, type Scenario, type Turn } from "../model/modelRun";
import { Operator } from "../model/operator";
import { SimulatedAccount } from "./account";
import { CallsTowards, checkCanaries, countLog } from "./checks";
import { endEvents, injectEvent, type TimedEvent } from "./events";
import type { Perturbations } from "./perturbations";
import type { Played } from "./played";
import { Perturber } from "./perturber";
import { beginLasting, type Lasting } from "./lasting";
import { Rival, type RivalTurn } from "./rival";
import { playSeveral, type SharedSimulation } from "./several";
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

/** A history of one cluster, or of several that share a node role. */
export type AnySimulation = Simulation | SharedSimulation;

export async function play(simulation: AnySimulation, planted = REAL_RESOURCES, trace = new Trace()): Promise<Played> {
    return "lists" in simulation ? playSeveral(simulation, planted, trace) : playOne(simulation, planted, trace);
}

async function playOne(simulation: Simulation, planted: Resources, trace: Trace): Promise<Played> {
    const perturber = new Perturber((what) => trace.perturbs(what));
    let around = (context: RunContext): RunContext => context;
    const resources = traced(planted, trace, (context) => around(context));
    const { world, engine } = await begin(simulation, resources);
    const account = new SimulatedAccount(world, (what) => trace.reach(what));
    around = (context) => perturber.perturbed(account.seenThrough(checkWrites(context, world)), world);
    const rival = new Rival(world, resources);
    for (const turn of simulation.turns) {
        perturber.begin(turn.perturbed);
        (turn.events ?? []).forEach(({ after, event }) =>
            world.later(world.now + after, () => injectEvent(world, account, event)),
        );
        await Promise.all([runTurn(world, engine, turn), ...(turn.rival === undefined ? [] : [rival.run(turn.rival)])]);
        trace.atMost("nodes", world.nodes.length);
        checkCanaries(world, turn.operation, trace);
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
    if (lasting.includes("sharedRoleInDeniedRegion")) {
        trace.reach("the other instances with a role are in a denied region");
    }
    const calls = new CallsTowards();
    const operator = new Operator(world, engine, simulation.last, {
        "aws-region-refused": () => {
            trace.reach("a hand-over goes on after instances in a denied region have got another role");
            account.leaveDenied();
        },
    });
    if (simulation.wants === "handBack") {
        await reachHandBack(world, engine, operator, (goal, run) => calls.add(`${goal} at first`, run));
        // A hand-over detaches nothing while a node is NotReady, unless maxNotReadyNodes allows it.
        injectFault(world, { kind: "nodesReturn" });
    }
    await reachGoals(world, engine, operator, (goal, run) => calls.add(goal, run));
    calls.check(world, trace);
    countLog(world.log, trace);
    return { problems: world.problems, log: world.log };
}
