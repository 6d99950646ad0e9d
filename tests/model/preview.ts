import { observePreflight } from "../../handover/observe/preflightLook";
import { HandOverPlan, planHandOver } from "../../handover/preview/plan";
import type { Engine, Program } from "./engine";
import { endFaults } from "./faults";
import { begin, runTurn, Scenario } from "./modelRun";
import { Run } from "./run";
import { runContextOf } from "./runContext";
import { FOREIGN_ROLE, ModelWorld } from "./world";

/** The preview of an update, and the update itself. */
export interface Compared {
    readonly plan: HandOverPlan | undefined;
    /** The message of the error that ended the update. Undefined: it succeeded. */
    readonly ended: string | undefined;
    /**
     * Whether the restarts can be compared. Pods without the current template are being replaced anyway. A preview that does not know the
     * record takes another party's role for an approved one, so that it expects another pod of the same node role to be the canary.
     */
    readonly comparable: boolean;
    readonly planned: Moves;
    readonly done: Moves;
    readonly log: readonly string[];
}

/** The changes of an update. */
export interface Moves {
    /** Nodes whose pods the live checks restart. */
    readonly restarted: readonly string[];
    /** Node roles to which the policy is attached. */
    readonly attached: readonly string[];
    /** Node roles from which the policy is detached. */
    readonly detached: readonly string[];
}

const QUIET_MILLISECONDS = 60_000;

/** Runs the scenario's turns, ends the faults, and compares the preview of a program with its update. */
export async function compare(scenario: Scenario, program: Program): Promise<Compared> {
    const { world, engine } = await begin(scenario);
    for (const turn of scenario.turns) {
        await runTurn(world, engine, turn);
    }
    endFaults(world);
    world.wake();
    world.advance(QUIET_MILLISECONDS);
    await engine.refresh(new Run(world));
    const nodeByPod = nodeOfEachPod(world.log);
    const plan = await preview(world, engine, program);
    const { revision } = world;
    const comparable = world.pods.every((pod) => pod.revision === revision && pod.roleArn !== FOREIGN_ROLE);
    // The preview does not get the record of a guard that is about to act. It infers a recorded role from its nodes, or from the list.
    const used = new Set([...world.nodes.map(({ role }) => role), ...(program.detachFromNodeRoles ?? [])]);
    const from = world.log.length;
    const ended = await engine.up(program, new Run(world)).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const log = world.log.slice(from);
    return {
        plan,
        ended,
        comparable,
        planned: movesOf(plan?.changes ?? [], nodeByPod),
        done: movesDone(log, nodeOfEachPod(world.log), used),
        log,
    };
}

async function preview(world: ModelWorld, engine: Engine, program: Program): Promise<HandOverPlan | undefined> {
    const partial = engine.planInputs(program);
    if (partial === undefined) {
        return undefined;
    }
    const { inputs, record } = partial;
    const roles = [...new Set([...(record?.namedNodeRoles ?? []), ...(program.detachFromNodeRoles ?? [])])];
    const context = runContextOf(world, new Run(world), inputs, roles);
    const preflight = await observePreflight(context, inputs, () => context.cluster.issuer());
    const limits = { stableSeconds: 13, iamPropagationSeconds: inputs.iamPropagationSeconds, maxNotReadyNodes: 0 };
    return planHandOver({ ...partial, ...limits, preflight, ownNodeRoles: [] });
}

function nodeOfEachPod(log: readonly string[]): Map<string, string> {
    return new Map(
        log.flatMap((line) => {
            const [, pod, node] = /(pod\d+) is created on (n\d+)/.exec(line) ?? [];
            return pod === undefined || node === undefined ? [] : [[pod, node] as const];
        }),
    );
}

function movesOf(lines: readonly string[], nodes: ReadonlyMap<string, string>): Moves {
    const restarts = lines.filter((line) => /^\[(canary|restart)\]/.test(line));
    // A pod that does not exist yet is named after its node.
    const pods = restarts.flatMap((line) => line.match(/\bpod\d+\b|\bthe next pod of n\d+\b/g) ?? []);
    return {
        restarted: distinct(pods.map((pod) => nodes.get(pod) ?? pod.replace("the next pod of ", ""))),
        attached: matches(lines, /^\[attach\] \S+ is attached again to (\w+),/),
        detached: matches(lines, /^\[detach\] \S+ is detached from (\w+) once/),
    };
}

function movesDone(log: readonly string[], nodes: ReadonlyMap<string, string>, visible: ReadonlySet<string>): Moves {
    return {
        restarted: distinct(matches(log, /restart (pod\d+)/).map((pod) => nodes.get(pod) ?? pod)),
        attached: matches(log, /attach to (\w+)/).filter((role) => visible.has(role)),
        detached: matches(log, /detach from (\w+)/),
    };
}

function matches(lines: readonly string[], pattern: RegExp): string[] {
    return distinct(lines.flatMap((line) => pattern.exec(line)?.[1] ?? []));
}

const distinct = (values: readonly string[]) => [...new Set(values)].sort();
