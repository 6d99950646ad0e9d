/** Plays a simulated history of several clusters that share a node role, each with its own stack, and checks the goals of all of them. */
import type { RunContext } from "../../handover/observe/runContext";
import { checkEnd } from "../model/endOfRun";
import type { Resources } from "../model/engine";
import { checkReverted } from "../model/modelRun";
import {
    type EndedRun,
    reachSharedGoals,
    SeveralClusters,
    SHARED,
    type SharedScenario,
    type Turn,
} from "../model/severalClusters";
import type { ModelWorld } from "../model/world";
import { SimulatedAccount } from "./account";
import { CallsTowards, checkCanaries, countLog } from "./checks";
import { endEvents, injectEvent, type TimedEvent } from "./events";
import type { Perturbations } from "./perturbations";
import { Perturber } from "./perturber";
import type { Played } from "./played";
import { countSharing } from "./situations";
import { type Trace, traced } from "./trace";
import { checkWrites } from "./undoing";

export type SharedTurn = Turn & {
    readonly perturbed?: Perturbations;
    readonly events?: readonly (TimedEvent & { readonly of: number })[];
};

export interface SharedSimulation extends SharedScenario {
    readonly turns: readonly SharedTurn[];
}

export async function playSeveral(simulation: SharedSimulation, planted: Resources, trace: Trace): Promise<Played> {
    const { turns, isFar } = simulation;
    const perturbers: Perturber[] = [];
    const accounts = new Map<ModelWorld, SimulatedAccount>();
    const all = new SeveralClusters(simulation, (world) => {
        const perturber = new Perturber((what) => trace.perturbs(what));
        const account = new SimulatedAccount(world, (what) => trace.reach(what));
        perturbers.push(perturber);
        accounts.set(world, account);
        const around = (context: RunContext) =>
            perturber.perturbed(account.seenThrough(checkWrites(context, world)), world);
        return traced(planted, trace, around);
    });
    // Its updates do not look at other regions, so that the record may lack the policy: handover/decide/foundNodeRoles.ts.
    all.followsAdvice = true;
    all.onEnded = (ended) => checkRun(ended, trace);
    for (const turn of turns) {
        perturbers.forEach((perturber) => perturber.begin(turn.perturbed));
        (turn.events ?? []).forEach(({ of, after, event }) => {
            const { world } = all.of(of);
            const account = accounts.get(world);
            if (account !== undefined) {
                world.later(world.now + after, () => injectEvent(world, account, event));
            }
        });
        await all.play(turn);
    }
    perturbers.forEach((perturber) => perturber.begin());
    all.note("== all faults end");
    all.endFaults();
    accounts.forEach((account, world) => endEvents(world, account));
    const calls = new Map(all.clusters.map((cluster) => [cluster, new CallsTowards()]));
    all.onEnded = (ended) => {
        checkRun(ended, trace);
        const goal = ended.operation.do === "destroy" ? "the hand-back" : "the hand-over";
        calls.get(ended.cluster)?.add(`${goal} of a cluster that shares a node role`, ended.run);
    };
    await reachSharedGoals(all, simulation);
    calls.forEach((made, { world }) => made.check(world, trace));
    trace.atMost("nodes", Math.max(...all.clusters.map(({ world }) => world.nodes.length)));
    const { log, problems } = all;
    countLog(
        log.map((line) => line.replace(OF_CLUSTER, "$1")),
        trace,
    );
    if (isFar) {
        trace.reach("a role is shared with a cluster in another region");
    }
    return { problems, log };
}

/** The name of the cluster comes after the time. */
const OF_CLUSTER = /^(.{10})c\d /;

function checkRun(ended: EndedRun, trace: Trace): void {
    const { cluster, operation, run, failed, wasAlone } = ended;
    const { world, engine } = cluster;
    countSharing(ended, trace);
    checkCanaries(world, operation, trace);
    // Another cluster's run may change the node role at the same time.
    if (wasAlone && operation.do !== "turnOff") {
        if (
            (failed.includes("[canary-failed]") || failed.includes("[rollout-taken-back]")) &&
            world.isAttached(SHARED)
        ) {
            checkReverted(world, engine);
        }
        checkEnd(world, engine, run, { operation, failed });
    }
}
