import type { Child, Flags } from "./engineFlags";
import { Engine, Program, REAL_RESOURCES, Resources } from "./engine";
import { endFaults, Fault, injectFault } from "./faults";
import { endOwnerChanges, injectOwnerChange, isOwnerChange, OwnerChange } from "./ownerChanges";
import { CUSTOMER_POLICY } from "./lentPolicies";
import { injectOutsider, isOutsider, Outsider } from "./outsiders";
import { Run } from "./run";
import { ModelWorld, ROLE_ARN } from "./world";

export type Operation =
    | { readonly do: "up"; readonly refresh: boolean; readonly program: Program; readonly flags?: Flags }
    | { readonly do: "refresh" }
    /** An update with `liveChecks: false`, after a refresh if it is one with `--refresh`. */
    | { readonly do: "turnOff"; readonly refresh: boolean }
    /** With `--exclude` of the last child that stays, or with `--target` and `--target-dependents` of the first that goes. */
    | { readonly do: "destroy"; readonly lastKept?: Child }
    | { readonly do: "nothing" };

export interface Turn {
    readonly operation: Operation;
    /** Each happens `after` milliseconds of the turn. */
    readonly faults: readonly { readonly after: number; readonly fault: Fault | Outsider | OwnerChange }[];
    /** The moment of the run at which it is killed, see Run. */
    readonly killedAt: number | undefined;
    /** The run is also killed after its first detachment, and then this pod is deleted while the webhook is down. */
    readonly killedAsItDetaches?: number | undefined;
}

export interface Scenario {
    readonly nodes: readonly ("a" | "b")[];
    readonly strategy: "RollingUpdate" | "OnDelete";
    /** The time until the API server enforces a changed injection guard. */
    readonly policyMilliseconds?: number;
    readonly turns: readonly Turn[];
    /** Whether the pods write network policy logs. */
    readonly writesLogs?: boolean;
    /** Whether there is a node role without nodes, named c, and a customer's policy on the node role a. */
    readonly more?: boolean;
    /** The program that the operator runs after all faults have ended, before the destroy. */
    readonly last: Program;
}

export interface ModelRun {
    readonly problems: readonly string[];
    readonly log: readonly string[];
    /** The kinds of transition that occurred. */
    readonly seen: ReadonlySet<string>;
}

const IDLE_MILLISECONDS = 20_000;
/** A run may fail while a node returns, while the webhook returns, and during the controller's longest backoff. */
const TRIES = 3;

/** Runs a scenario, ends its faults, and then checks the two goals: hand-over and hand-back. */
export async function runOnWorld(scenario: Scenario, resources: Resources = REAL_RESOURCES): Promise<ModelRun> {
    const world = new ModelWorld();
    world.strategy = scenario.strategy;
    world.policyMilliseconds = scenario.policyMilliseconds ?? world.policyMilliseconds;
    ["a", "b", ...scenario.nodes].forEach((role) => world.join(role));
    world.writesLogs = scenario.writesLogs ?? false;
    if (scenario.more) {
        world.createNodeRole("c");
        world.conditions.otherPolicies = { a: [CUSTOMER_POLICY] };
    }
    world.advance(5000);
    const engine = new Engine(world, resources);
    for (const turn of scenario.turns) {
        await runTurn(world, engine, turn);
    }
    world.note("== all faults end");
    endFaults(world);
    endOwnerChanges(world);
    world.advance(IDLE_MILLISECONDS);
    await reachGoal(
        world,
        "the hand-over",
        () => handedOver(world, engine, scenario.last),
        async (run) => {
            const { hasReplacedGuard } = engine;
            if (hasReplacedGuard && isRefused(world)) {
                // Each update would detach the policies before it deletes the guard. A destroy attaches them, and deletes it.
                await engine.destroy(run);
            }
            await engine.refresh(run);
            await engine.up(scenario.last, run);
            if (hasReplacedGuard) {
                // Its delete has handed back at the end of this update.
                await engine.refresh(run);
                await engine.up(scenario.last, run);
            }
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

export async function runTurn(world: ModelWorld, engine: Engine, turn: Turn): Promise<void> {
    const { operation, faults, killedAt, killedAsItDetaches: which } = turn;
    faults.forEach(({ after, fault }) => world.later(world.now + after, () => inject(world, fault)));
    const run = new Run(world, killedAt);
    world.onDetached = which === undefined ? undefined : () => killWithoutWebhook(world, run, which);
    world.note(`== ${describe(operation)}${killedAt === undefined ? "" : `, killed at moment ${String(killedAt)}`}`);
    switch (operation.do) {
        case "nothing": {
            world.advance(IDLE_MILLISECONDS);
            return;
        }
        case "refresh":
            await attempt(world, () => engine.refresh(run));
            return;
        case "turnOff":
            await attempt(world, async () => {
                if (operation.refresh) {
                    await engine.refresh(run);
                }
                await engine.turnOff(run);
            });
            return;
        case "destroy":
            if (!engine.isPlain) {
                await attempt(world, () => engine.destroy(run, operation.lastKept));
            }
            return;
        case "up": {
            const failed = await attempt(world, async () => {
                if (operation.refresh) {
                    await engine.refresh(run);
                }
                await engine.up(operation.program, run, operation.flags);
            });
            if (failed.includes("[canary-failed]")) {
                checkReverted(world, engine.roleArn ?? "");
            }
        }
    }
}

/** The worst moment for a pod to be deleted: its successor relies on the injection guard alone. */
function killWithoutWebhook(world: ModelWorld, run: Run, which: number): void {
    world.onDetached = undefined;
    run.kill();
    injectFault(world, { kind: "webhookDown" });
    injectFault(world, { kind: "podDeleted", which });
}

function inject(world: ModelWorld, fault: Fault | Outsider | OwnerChange): void {
    if (isOutsider(fault)) {
        injectOutsider(world, fault);
    } else if (isOwnerChange(fault)) {
        injectOwnerChange(world, fault);
    } else {
        injectFault(world, fault);
    }
}

/** A canary that failed must be reverted when the run ends. */
function checkReverted(world: ModelWorld, arn: string): void {
    const carriers = world.pods.filter((pod) => pod.roleArn === arn && !pod.stoppingSince);
    if (world.cniRoles.get(arn)?.works === false && (carriers.length > 0 || world.annotations[ROLE_ARN] === arn)) {
        const names = carriers.map(({ name }) => name).join(", ");
        world.problem(`the failed canary of ${arn} was not reverted; pods that carry the role: ${names}`);
    }
}

/** Returns the message of the error, or an empty string. */
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
        followAdvice(world, failed);
        world.advance(IDLE_MILLISECONDS);
    }
}

/** Whether the last run ended since the record of a credential guard has no policies for the node roles. */
function isRefused({ log }: ModelWorld): boolean {
    const ended = log.filter((line) => line.includes("== ended: ")).at(-1);
    return ended?.includes("[node-role-without-permissions]") ?? false;
}

/** The operator attaches the policies that a message names. */
function followAdvice(world: ModelWorld, message: string): void {
    if (message.includes("[node-role-without-permissions]")) {
        world.nodeRoles.forEach((role) => world.setAttached(role, true));
    }
}

function handedOver(world: ModelWorld, engine: Engine, { detachFromNodeRoles }: Program): string | undefined {
    const arn = engine.roleArn ?? "";
    const wrong = world.nodes.filter(
        ({ name }) => !world.pods.some((pod) => pod.node === name && pod.roleArn === arn && world.isReady(pod)),
    );
    const attached = world.nodeRoles.filter(
        (role) => world.isAttached(role) === (detachFromNodeRoles ?? []).includes(role),
    );
    return firstOf([
        [wrong.length > 0, `nodes without a Ready pod with the role: ${wrong.map(({ name }) => name).join(", ")}`],
        [attached.length > 0, `the policies of ${attached.join(", ")} are not as expected`],
        [world.guard?.join() !== (detachFromNodeRoles && arn), "the injection guard is not as expected"],
        [[...world.cniRoles.keys()].join() !== arn, `roles: ${[...world.cniRoles.keys()].join(", ")}`],
    ]);
}

function handedBack(world: ModelWorld, engine: Engine): string | undefined {
    const carriers = world.pods.filter(({ roleArn }) => roleArn !== undefined);
    return firstOf([
        [carriers.length > 0, `pods with a role: ${carriers.map(({ name }) => name).join(", ")}`],
        [!world.nodeRoles.every((role) => world.isAttached(role)), "a node role has lost its policy"],
        [hasLostCustomerPolicy(world), "the node role a has lost the customer's policy"],
        [world.guard !== undefined, "the injection guard still exists"],
        [Object.keys(world.annotations).length > 0, "the service account still has annotations"],
        [world.template !== undefined, "the pod template still has the rollout annotation"],
        [world.woken, "the DaemonSet still has the wake annotation"],
        [world.cniRoles.size > 0 || !engine.isEmpty, "a role still exists"],
    ]);
}

function hasLostCustomerPolicy({ conditions, gonePolicies }: ModelWorld): boolean {
    const { a: policies } = conditions.otherPolicies ?? {};
    return policies !== undefined && !policies.includes(CUSTOMER_POLICY) && !gonePolicies.has(CUSTOMER_POLICY);
}

function firstOf(findings: readonly [boolean, string][]): string | undefined {
    return findings.find(([found]) => found)?.[1];
}

function describe(operation: Operation): string {
    if (operation.do === "destroy" && operation.lastKept !== undefined) {
        return `destroy but keep all up to ${operation.lastKept}`;
    }
    if (operation.do !== "up") {
        return operation.do;
    }
    const { roleName, detachFromNodeRoles, ...others } = operation.program;
    const more = Object.keys(others).length === 0 ? "" : ` ${JSON.stringify(others)}`;
    const flags = operation.flags === undefined ? "" : ` with ${JSON.stringify(operation.flags)}`;
    return `up${operation.refresh ? " --refresh" : ""} ${roleName} [${detachFromNodeRoles?.join(", ") ?? "no node roles"}]${more}${flags}`;
}

/** Without names and numbers: `pod7 is created on n2 with …` is one kind. */
function kindOf(line: string): string {
    return line
        .slice(10)
        .replace(/\b(pod|n)\d+\b/g, "$1")
        .replace(/\d+/g, "#");
}
