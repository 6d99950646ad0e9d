/** Runs a course on the model. */
import { Engine, REAL_RESOURCES } from "../../model/engine";
import { injectFault } from "../../model/faults";
import { runTurn, type Turn } from "../../model/modelRun";
import { ModelWorld } from "../../model/world";
import { codeOf } from "./codes";
import { type ComparedState, comparedStateOfModel, MODEL_NODE_ROLE } from "./comparedState";
import type { AgreedTurn, Course, KilledBefore } from "./courses";

export interface TurnResult {
    /** How the run ended: `done`, `killed`, or the code of the message that stopped it. */
    readonly ended: string;
    readonly state: ComparedState;
    /** Kinds of transition that occurred in the turn. */
    readonly kinds: readonly string[];
}

/** Time for the cluster to settle after a turn. */
const REST_MILLISECONDS = 60_000;

/** The model's result for each turn of a course. */
export async function runOnModel(course: Course, nodes: number): Promise<TurnResult[]> {
    const kills: (number | undefined)[] = [];
    for (const [index, { killedBefore }] of course.turns.entries()) {
        kills.push(killedBefore && (await momentOf(course, nodes, kills, index, killedBefore)));
    }
    return (await playWith(course, nodes, kills)).results;
}

/** The moment right before a call in the run of a turn. The model cannot be rewound, so the course begins again. */
async function momentOf(
    course: Course,
    nodes: number,
    kills: readonly (number | undefined)[],
    turn: number,
    { model: call, nth = 1 }: KilledBefore,
): Promise<number> {
    const upToHere = { ...course, turns: course.turns.slice(0, turn + 1) };
    const { moments } = await playWith(upToHere, nodes, kills);
    const found = moments.flatMap((where, moment) => (where.startsWith(`before: ${call}`) ? [moment] : []))[nth - 1];
    if (found === undefined) {
        throw new Error(`the model makes no call ${call} in turn ${String(turn + 1)}`);
    }
    return found;
}

async function playWith(
    { strategy, turns }: Course,
    nodes: number,
    kills: readonly (number | undefined)[],
): Promise<{ readonly results: TurnResult[]; readonly moments: readonly string[] }> {
    const world = new ModelWorld();
    world.strategy = strategy;
    Array.from({ length: nodes }, () => world.join(MODEL_NODE_ROLE));
    world.advance(REST_MILLISECONDS);
    const engine = new Engine(world, REAL_RESOURCES);
    const results: TurnResult[] = [];
    for (const [index, turn] of turns.entries()) {
        const from = world.log.length;
        turn.faults?.forEach((fault) => injectFault(world, fault, Infinity));
        const { whenCanaryIsCreated } = turn;
        if (whenCanaryIsCreated !== undefined) {
            world.onNextPod = () => injectFault(world, whenCanaryIsCreated, Infinity);
        }
        await runTurn(world, engine, modelTurn(turn, kills[index]));
        world.advance(REST_MILLISECONDS);
        const lines = world.log.slice(from).map((line) => line.slice(10));
        results.push({ ended: endOf(lines), state: comparedStateOfModel(world), kinds: kindsOf(lines) });
    }
    if (world.problems.length > 0) {
        throw new Error(`the model itself reports: ${world.problems.join("; ")}`);
    }
    return { results, moments: world.moments };
}

function modelTurn({ operation }: AgreedTurn, killedAt: number | undefined): Turn {
    return {
        operation: operation.do === "up" ? { ...operation, refresh: operation.refresh ?? false } : operation,
        faults: [],
        killedAt,
    };
}

function endOf(lines: readonly string[]): string {
    const ended = lines.find((line) => line.startsWith("== ended: "));
    return lines.some((line) => line.startsWith("killed ")) ? "killed" : ended === undefined ? "done" : codeOf(ended);
}

/** The log lines without progress and headings, and with names and numbers replaced. */
export function kindsOf(lines: readonly string[]): string[] {
    return lines
        .filter((line) => !/^(?: {2}\. |== )/.test(line))
        .map((line) =>
            line
                .replace(/arn:aws:iam::\d+:role\/\w+/g, "a role")
                .replace(/\b(pod|n)\d+\b/g, "$1")
                .replace(/\d+/g, "#"),
        );
}
