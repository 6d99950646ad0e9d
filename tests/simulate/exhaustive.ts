/**
 * Every kill of small clusters: a command is killed before each of its calls, and from each state that is reached both goals must be reached.
 * A kill after a call leaves the same state as one before the next call.
 */
import { type Program, REAL_RESOURCES } from "../model/engine";
import { begin, type Operation, runTurn, type Scenario, type Turn } from "../model/modelRun";
import type { Violation } from "./batch";
import { play, type Simulation } from "./play";
import { Trace } from "./trace";

/** One piece of work for a process. */
export interface KillsOf {
    readonly strategy: Scenario["strategy"];
    /** The commands before, which end by themselves. */
    readonly before: readonly CommandName[];
    readonly killed: CommandName;
    /** A second command that is killed before each of its calls as well, in each of the states. */
    readonly then?: CommandName;
}

export interface Explored {
    readonly states: number;
    readonly runs: number;
    readonly trace: Trace;
    readonly violation: Violation | undefined;
}

const BOTH = ["a", "b"];

const COMMANDS = {
    up: up({ roleName: "cni", detachFromNodeRoles: BOTH }),
    "up without node roles": up({ roleName: "cni", detachFromNodeRoles: undefined }),
    "up to another role": up({ roleName: "next", detachFromNodeRoles: BOTH }),
    "up to a role that fails": up({ roleName: "bad", detachFromNodeRoles: BOTH }),
    "up --refresh": up({ roleName: "cni", detachFromNodeRoles: BOTH }, true),
    destroy: { do: "destroy" },
} satisfies Record<string, Operation>;

export type CommandName = keyof typeof COMMANDS;
const NAMES = Object.keys(COMMANDS) as CommandName[];

function up(program: Program, refresh = false): Operation {
    return { do: "up", refresh, program };
}

/** @param depth 1: each kill of one command. 2: also each kill of a second command after it. */
export function allKills(depth: number): KillsOf[] {
    const histories: CommandName[][] = [[], ["up"], ["up without node roles"]];
    const strategies = ["RollingUpdate", "OnDelete"] as const;
    const once = strategies.flatMap((strategy) =>
        histories.flatMap((before) =>
            NAMES.filter((name) => before.length > 0 || name !== "destroy").map((killed) => ({
                strategy,
                before,
                killed,
            })),
        ),
    );
    const twice = (
        [
            ["up", "destroy"],
            ["up", "up to another role"],
            ["up to a role that fails", "up"],
        ] as const
    ).map(([killed, then]) => ({ strategy: "RollingUpdate" as const, before: [], killed, then }));
    const back = {
        strategy: "RollingUpdate" as const,
        before: ["up" as const],
        killed: "destroy" as const,
        then: "up" as const,
    };
    return [...(depth > 0 ? once : []), ...(depth > 1 ? [...twice, back] : [])];
}

const turnOf = (name: CommandName, killedAt?: number): Turn => ({ operation: COMMANDS[name], faults: [], killedAt });
/** Each call has two moments. */
const beforeCall = (call: number) => 2 * call;

export async function explore(
    { strategy, before, killed, then }: KillsOf,
    resources = REAL_RESOURCES,
): Promise<Explored> {
    const trace = new Trace();
    let [states, runs] = [0, 0];
    let violation: Violation | undefined;
    const history = (turns: readonly Turn[]): Simulation => ({
        nodes: [],
        strategy,
        turns: [...before.map((name) => turnOf(name)), ...turns],
        last: { roleName: "cni", detachFromNodeRoles: BOTH },
    });
    const check = async (turns: readonly Turn[]): Promise<void> => {
        states += 1;
        for (const wants of ["handOver", "handBack"] as const) {
            const simulation = { ...history(turns), wants };
            const { problems, log } = await play(simulation, resources, trace);
            runs += 1;
            if (problems.length > 0) {
                violation ??= { seed: 0, path: "", problems, log, history: simulation };
            }
        }
    };
    const kills = async (earlier: readonly Turn[], command: CommandName): Promise<Turn[]> => {
        const calls = await callsOfLast(history([...earlier, turnOf(command)]));
        return Array.from({ length: calls }, (_, call) => turnOf(command, beforeCall(call)));
    };
    for (const turn of await kills([], killed)) {
        const seconds = then === undefined ? [] : await kills([turn], then);
        const ways = then === undefined ? [[turn]] : seconds.map((second) => [turn, second]);
        for (const way of ways) {
            await check(way);
        }
    }
    return { states, runs, trace, violation };
}

/** How many calls the last command makes. */
async function callsOfLast(of: Simulation): Promise<number> {
    const { world, engine } = await begin(of);
    for (const turn of of.turns) {
        await runTurn(world, engine, turn);
    }
    return Math.ceil(world.moments.length / 2);
}
