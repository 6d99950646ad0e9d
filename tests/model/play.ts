import { arnOf, Engine, Program, REAL_RESOURCES, Resources } from "./engine";
import { befall, Fault } from "./faults";
import { Run } from "./run";
import { ModelWorld, ROLE_ARN } from "./world";

export type Operation =
    | { readonly do: "up"; readonly refresh: boolean; readonly program: Program }
    | { readonly do: "destroy" }
    | { readonly do: "nothing" };

export interface Turn {
    readonly operation: Operation;
    /** After so many milliseconds of the turn. */
    readonly faults: readonly { readonly after: number; readonly fault: Fault }[];
    /** The moment of the run at which it is killed. */
    readonly killedAt: number | undefined;
}

export interface Scenario {
    readonly nodes: readonly ("a" | "b")[];
    readonly strategy: "RollingUpdate" | "OnDelete";
    readonly turns: readonly Turn[];
    /** What the operator runs when all faults have ended, before the destroy. */
    readonly last: Program;
}

export interface Played {
    readonly problems: readonly string[];
    readonly log: readonly string[];
    /** Kinds of transition that were taken. */
    readonly seen: ReadonlySet<string>;
}

const IDLE_MILLISECONDS = 20_000;
/** A node that returns, a webhook that does, and a controller with its longest pause behind it. */
const TRIES = 3;

/** Plays a scenario, ends its faults, and then asks for the goals: handed over, and handed back. */
export async function play(scenario: Scenario, resources: Resources = REAL_RESOURCES): Promise<Played> {
    const world = new ModelWorld();
    world.strategy = scenario.strategy;
    // One that stays: the last node of a role is not lost.
    ["a", "b", ...scenario.nodes].forEach((role) => world.join(role));
    world.advance(5000);
    const engine = new Engine(world, resources);
    for (const turn of scenario.turns) {
        await playTurn(world, engine, turn);
    }
    endFaults(world);
    await reachGoal(
        world,
        "the hand-over",
        () => handedOver(world, scenario.last),
        async (run) => {
            await engine.refresh(run);
            await engine.up(scenario.last, run);
        },
    );
    await reachGoal(
        world,
        "the hand-back",
        () => handedBack(world, engine),
        (run) => engine.destroy(run),
    );
    return { problems: world.problems, log: world.log, seen: new Set(world.log.map(kindOf)) };
}

export async function playTurn(
    world: ModelWorld,
    engine: Engine,
    { operation, faults, killedAt }: Turn,
): Promise<void> {
    faults.forEach(({ after, fault }) => world.later(world.now + after, () => befall(world, fault)));
    const run = new Run(world, killedAt);
    world.note(`== ${describe(operation)}${killedAt === undefined ? "" : `, killed at moment ${String(killedAt)}`}`);
    switch (operation.do) {
        case "nothing": {
            world.advance(IDLE_MILLISECONDS);
            return;
        }
        case "destroy":
            await attempt(world, () => engine.destroy(run));
            return;
        case "up": {
            const failed = await attempt(world, async () => {
                if (operation.refresh) {
                    await engine.refresh(run);
                }
                await engine.up(operation.program, run);
            });
            if (failed.includes("[canary-failed]")) {
                checkTakenBack(world, operation.program);
            }
        }
    }
}

/** A canary that failed has been taken back when the run ends. */
function checkTakenBack(world: ModelWorld, { roleName }: Program): void {
    const arn = arnOf(roleName);
    const left = world.pods.filter((pod) => pod.roleArn === arn && !pod.stoppingSince);
    if (world.cniRoles.get(arn)?.works === false && (left.length > 0 || world.annotations[ROLE_ARN] === arn)) {
        world.problem(`after the failed canary of ${arn}, it is still on ${left.map(({ name }) => name).join(", ")}`);
    }
}

/** What went wrong, or nothing. */
async function attempt(world: ModelWorld, act: () => Promise<void>): Promise<string> {
    try {
        await act();
        world.note("== done");
        return "";
    } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        world.note(`== ended: ${message}`);
        return message;
    }
}

async function reachGoal(
    world: ModelWorld,
    what: string,
    isReached: () => string | undefined,
    act: (run: Run) => Promise<void>,
): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
        world.note(`== ${what}`);
        const failed = await attempt(world, () => act(new Run(world)));
        if (failed === "" || tries === TRIES - 1) {
            const missing = failed === "" ? isReached() : failed;
            if (missing !== undefined) {
                world.problem(`${what} is not reached: ${missing}`);
            }
            return;
        }
        world.advance(IDLE_MILLISECONDS);
    }
}

function endFaults(world: ModelWorld): void {
    world.note("== all faults end");
    world.forgetTheRest();
    befall(world, { kind: "nodesReturn" });
    befall(world, { kind: "webhookUp" });
    world.advance(IDLE_MILLISECONDS);
}

function handedOver(world: ModelWorld, { roleName, detachFromNodeRoles }: Program): string | undefined {
    const arn = arnOf(roleName);
    const wrong = world.nodes.filter(
        ({ name }) => !world.pods.some((pod) => pod.node === name && pod.roleArn === arn && world.isReady(pod)),
    );
    const attached = ["a", "b"].filter((role) => world.isAttached(role) === (detachFromNodeRoles ?? []).includes(role));
    return firstOf([
        [wrong.length > 0, `nodes without a Ready pod with the role: ${wrong.map(({ name }) => name).join(", ")}`],
        [attached.length > 0, `the policies of ${attached.join(", ")} are not as wanted`],
        [world.guard !== (detachFromNodeRoles !== undefined), "the injection guard is not as wanted"],
        [[...world.cniRoles.keys()].join() !== arn, `roles: ${[...world.cniRoles.keys()].join(", ")}`],
    ]);
}

function handedBack(world: ModelWorld, engine: Engine): string | undefined {
    const left = world.pods.filter(({ roleArn }) => roleArn !== undefined);
    return firstOf([
        [left.length > 0, `pods with a role: ${left.map(({ name }) => name).join(", ")}`],
        [!world.isAttached("a") || !world.isAttached("b"), "a node role has lost its policy"],
        [world.guard, "the injection guard is left"],
        [Object.keys(world.annotations).length > 0, "annotations are left"],
        [world.template !== undefined, "the rollout annotation is left"],
        [world.woken, "the mark of a wake is left"],
        [world.cniRoles.size > 0 || !engine.isEmpty, "a role is left"],
    ]);
}

function firstOf(findings: readonly [boolean, string][]): string | undefined {
    return findings.find(([found]) => found)?.[1];
}

function describe(operation: Operation): string {
    if (operation.do !== "up") {
        return operation.do;
    }
    const { roleName, detachFromNodeRoles } = operation.program;
    return `up${operation.refresh ? " --refresh" : ""} ${roleName} [${detachFromNodeRoles?.join(", ") ?? "no node roles"}]`;
}

/** Without names and numbers: `pod7 is born on n2 with …` is one kind. */
function kindOf(line: string): string {
    return line
        .slice(10)
        .replace(/\b(pod|n)\d+\b/g, "$1")
        .replace(/\d+/g, "#");
}
