/** Random histories of fleets, and the histories of the model, with perturbations in each turn. */
import * as fc from "fast-check";
import { withEachProgram } from "../model/eachProgram";
import { scenarioWithNeighbours } from "../model/neighbours";
import { scenarioWithOutsiders } from "../model/outsiders";
import { scenarioWithChanges } from "../model/programChanges";
import { besideNotReady, failingWaves, guardedRepairs, plainRepairs } from "../model/repairs";
import { scenario } from "../model/scenarios";
import type { Scenario, Turn } from "../model/modelRun";
import { scenarioWithSubnets } from "../model/subnets";
import { scenarioWithTurningOff } from "../model/turningOff";
import { events } from "./events";
import { LASTING } from "./lasting";
import { perturbations } from "./perturbations";
import type { AnySimulation, Simulation, SimulatedTurn } from "./play";
import { rivalTurn } from "./rival";
import { sharedHistory, sharedHistoryWithTurningOff } from "./sharedHistories";

/** As many as a history of the model has turns at most. */
const MOST_TURNS = { minLength: 8, maxLength: 8 };

type Additions = Pick<SimulatedTurn, "perturbed" | "events" | "rival">;

/** The same histories, with something in addition in each turn. */
function adding(
    of: fc.Arbitrary<Scenario>,
    each: fc.Arbitrary<Additions>,
    wants: fc.Arbitrary<Simulation["wants"]>,
): fc.Arbitrary<Simulation> {
    return fc
        .record({ history: of, added: fc.array(each, MOST_TURNS), first: wants, lasting })
        .map(({ history, added, first, lasting: stays = [] }) => {
            const notReady = stays.includes("notReadyNode");
            const { turns, last, ...rest } = notReady ? skippingOneNode(history) : history;
            const played: Simulation = {
                ...rest,
                ...(stays.length === 0 ? {} : { lasting: stays }),
                turns: turns.map((turn, index) => ({ ...withoutExpectation(turn), ...added[index] })),
                last,
            };
            // The goal of a hand-over is every node: the operator does not want it while one is NotReady.
            return first === undefined ? played : { ...played, wants: notReady ? "handBack" : first };
        })
        .filter(({ lasting: stays = [], wants: first }) => first !== undefined || !stays.includes("notReadyNode"));
}

/** Beside a node that stays NotReady, the operator sets maxNotReadyNodes. */
const skippingOneNode = (of: Scenario): Scenario =>
    withEachProgram(of, (program) => ({ ...program, maxNotReadyNodes: 1 }));

/** Mostly nothing, so that the rest is as before. */
const lasting = fc.constantFrom<Simulation["lasting"][]>([], [], [], ...LASTING.map((one) => [one]));

/** A perturbed run may fail on a healthy cluster. */
function withoutExpectation(turn: Turn): Turn {
    const { expected, ...rest } = turn;
    return expected === undefined ? turn : rest;
}

const eitherGoal = fc.constantFrom("handOver" as const, "handBack" as const);
/** A destroy first needs another command where other clusters share the role, or where the live checks are turned off. */
const handOverFirst = fc.constant(undefined);

const perturbedOnly = fc.record({ perturbed: perturbations });
const all: fc.Arbitrary<Additions> = fc.record({ perturbed: perturbations, events });
const withRival: fc.Arbitrary<Additions> = fc.oneof(
    all,
    fc.record({ perturbed: perturbations, events, rival: rivalTurn }),
);

const SMALL = adding(scenario, all, eitherGoal);

/** Of two to twelve node roles, with up to three nodes each, over up to 24 subnets. */
const shape = fc
    .record({
        roles: fc.integer({ min: 2, max: 12 }),
        each: fc.integer({ min: 1, max: 3 }),
        subnets: fc.constantFrom(1, 3, 8, 24),
    })
    .map(({ roles, each, subnets }) => {
        const names = Array.from({ length: roles }, (_, index) =>
            index < 2 ? (["a", "b"][index] ?? "") : `r${String(index + 1)}`,
        );
        const nodes = names.flatMap((name, index) => Array.from({ length: index < 2 ? each - 1 : each }, () => name));
        return { names, nodes, subnets };
    });

/** The histories are shorter: each turn of a fleet takes as long as several of a small cluster. */
const MOST_TURNS_OF_A_FLEET = 3;

export const fleet: fc.Arbitrary<Scenario> = fc
    .record({ of: scenario, shape, maxUnavailable: fc.constantFrom(1, 2, 5) })
    .map(({ of, shape: { names, nodes, subnets }, maxUnavailable }) => {
        const named = <P extends { readonly detachFromNodeRoles: readonly string[] | undefined }>(program: P): P => ({
            ...program,
            detachFromNodeRoles: program.detachFromNodeRoles && names,
        });
        return {
            ...of,
            nodes,
            subnets,
            maxUnavailable,
            mostNodes: nodes.length + 6,
            turns: of.turns.slice(0, MOST_TURNS_OF_A_FLEET).map((turn) => ({
                ...turn,
                operation:
                    turn.operation.do === "up"
                        ? { ...turn.operation, program: named(turn.operation.program) }
                        : turn.operation,
                ...(turn.killedAt === undefined ? {} : { killedAt: turn.killedAt * 8 }),
            })),
            last: named(of.last),
        };
    });

const FLEETS = adding(fleet, all, eitherGoal);

/** What the runs of a campaign are made of, and how often each kind occurs. */
export const KINDS: readonly {
    readonly name: string;
    readonly of: fc.Arbitrary<AnySimulation>;
    readonly weight: number;
}[] = [
    { name: "small clusters", of: SMALL, weight: 8 },
    { name: "two stacks", of: adding(scenario, withRival, eitherGoal), weight: 4 },
    { name: "subnets", of: adding(scenarioWithSubnets, all, eitherGoal), weight: 2 },
    { name: "fleets", of: FLEETS, weight: 1 },
    { name: "repairs under the guard", of: adding(guardedRepairs, perturbedOnly, eitherGoal), weight: 1 },
    { name: "repairs without the guard", of: adding(plainRepairs, perturbedOnly, eitherGoal), weight: 1 },
    { name: "failing waves", of: adding(failingWaves, perturbedOnly, eitherGoal), weight: 1 },
    { name: "NotReady nodes", of: adding(besideNotReady, perturbedOnly, eitherGoal), weight: 1 },
    { name: "outsiders", of: adding(scenarioWithOutsiders, perturbedOnly, handOverFirst), weight: 1 },
    { name: "other arguments", of: adding(scenarioWithChanges, perturbedOnly, handOverFirst), weight: 1 },
    { name: "live checks off", of: adding(scenarioWithTurningOff, perturbedOnly, handOverFirst), weight: 1 },
    { name: "neighbours", of: adding(scenarioWithNeighbours, perturbedOnly, handOverFirst), weight: 1 },
    { name: "a shared node role", of: sharedHistory, weight: 3 },
    { name: "a shared node role, live checks off", of: sharedHistoryWithTurningOff, weight: 2 },
];

export const simulation: fc.Arbitrary<AnySimulation> = fc.oneof(
    ...KINDS.map(({ of, weight }) => ({ arbitrary: of, weight })),
);
