/** The model's side of an agreement. */
import { Engine, REAL_RESOURCES } from "../../model/engine";
import { befall } from "../../model/faults";
import { playTurn, type Turn } from "../../model/play";
import { ModelWorld } from "../../model/world";
import { codeOf } from "./codes";
import type { AgreedTurn, Course } from "./courses";
import { MODEL_NODE_ROLE, type Sight, sightOfModel } from "./sight";

export interface Agreed {
    /** How the run ended: `done`, `killed`, or the code of the message that stopped it. */
    readonly ended: string;
    readonly sight: Sight;
    /** Kinds of transition that the model took in the turn. */
    readonly kinds: readonly string[];
}

/** Long enough for what a turn has set off to come to rest. */
const REST_MILLISECONDS = 60_000;
/** More calls than any run makes. */
const MOST_MOMENTS = 2000;

/** What the model says of each turn of a course. */
export async function playOnModel(course: Course, nodes: number): Promise<Agreed[]> {
    const kills: (number | undefined)[] = [];
    for (const [index, { killedBefore }] of course.turns.entries()) {
        kills.push(killedBefore && (await momentOf(course, nodes, kills, index, killedBefore.model)));
    }
    return playWith(course, nodes, kills);
}

/** The moment of a turn's run that is right before a call: the world does not go back, so the course is played up to there anew. */
async function momentOf(
    course: Course,
    nodes: number,
    kills: readonly (number | undefined)[],
    turn: number,
    call: string,
): Promise<number> {
    const upToHere = { ...course, turns: course.turns.slice(0, turn + 1) };
    for (let moment = 0; moment < MOST_MOMENTS; moment += 2) {
        const last = (await playWith(upToHere, nodes, [...kills, moment])).at(-1);
        if (last?.kinds.some((kind) => kind.startsWith(`killed before: ${call}`))) {
            return moment;
        }
    }
    throw new Error(`the model makes no call ${call} in turn ${String(turn + 1)}`);
}

async function playWith(
    { strategy, turns }: Course,
    nodes: number,
    kills: readonly (number | undefined)[],
): Promise<Agreed[]> {
    const world = new ModelWorld();
    world.strategy = strategy;
    Array.from({ length: nodes }, () => world.join(MODEL_NODE_ROLE));
    world.advance(REST_MILLISECONDS);
    const engine = new Engine(world, REAL_RESOURCES);
    const agreed: Agreed[] = [];
    for (const [index, turn] of turns.entries()) {
        const from = world.log.length;
        turn.faults?.forEach((fault) => befall(world, fault));
        const { whenTheCanaryIsBorn } = turn;
        if (whenTheCanaryIsBorn !== undefined) {
            world.atNextBirth = () => befall(world, whenTheCanaryIsBorn);
        }
        await playTurn(world, engine, modelTurn(turn, kills[index]));
        world.advance(REST_MILLISECONDS);
        const lines = world.log.slice(from).map((line) => line.slice(10));
        agreed.push({ ended: endOf(lines), sight: sightOfModel(world), kinds: kindsOf(lines) });
    }
    if (world.problems.length > 0) {
        throw new Error(`the model itself finds: ${world.problems.join("; ")}`);
    }
    return agreed;
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

/** Without what is shown as progress and what the course says itself, and without names and numbers. */
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
