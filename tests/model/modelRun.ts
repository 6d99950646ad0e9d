import { attempt } from "./attempt";
import type { Child, Flags } from "./engineFlags";
import { Churn, type ChurnOf } from "./churn";
import { Engine, Program, REAL_RESOURCES, Resources } from "./engine";
import { endFaults, Fault, injectFault } from "./faults";
import { endOwnerChanges, injectOwnerChange, isOwnerChange, OwnerChange } from "./ownerChanges";
import { handedBack, handedOver } from "./goals";
import { CUSTOMER_POLICY } from "./lentPolicies";
import { following, make, type Move, named } from "./moves";
import { injectNeighbourChange, isNeighbourChange, type NeighbourChange } from "./neighbourChanges";
import { admitsOther, checkEnd, type Expected, mayGoBack } from "./endOfRun";
import { Operator } from "./operator";
import { injectOutsider, isOutsider, Outsider } from "./outsiders";
import { type InstanceChange, injectInstanceChange, isInstanceChange } from "./otherInstances";
import { leavingRoles, staysWithout } from "./ownNodeRoles";
import { Run } from "./run";
import { LONGEST_BACKOFF_MILLISECONDS, ModelWorld, ROLE_ARN } from "./world";

export type Operation =
    | { readonly do: "up"; readonly refresh: boolean; readonly program: Program; readonly flags?: Flags }
    | { readonly do: "refresh" }
    /** An update with `liveChecks: false`, after a refresh if it is one with `--refresh`. */
    | { readonly do: "turnOff"; readonly refresh: boolean }
    /** With `--exclude` of the last child that stays, or with `--target` and `--target-dependents` of the first that goes. */
    | { readonly do: "destroy"; readonly lastKept?: Child }
    | { readonly do: "nothing" };

export type Happening = Fault | Outsider | OwnerChange | NeighbourChange | InstanceChange;

export interface Turn {
    /** What the plugin's owner does before it. */
    readonly moves?: readonly Move[];
    readonly operation: Operation;
    /** Each happens `after` milliseconds of the turn. */
    readonly faults: readonly { readonly after: number; readonly fault: Happening }[];
    /** The moment of the run at which it is killed, see Run. */
    readonly killedAt: number | undefined;
    /** The run is also killed after its first detachment, and then this pod is deleted while the webhook is down. */
    readonly killedAsItDetaches?: number | undefined;
    /** Happen as the first pod of a wave restarts. */
    readonly asAWaveBegins?: readonly Happening[];
    /** The run is also killed this many moments after its rollout has failed. */
    readonly killedAsItTakesBack?: number | undefined;
    /** What must be so after the run, which is not killed. */
    readonly expected?: Expected;
}

export interface Scenario {
    /** The node roles of its nodes, besides one node of each of a and b. */
    readonly nodes: readonly string[];
    readonly strategy: "RollingUpdate" | "OnDelete";
    /** The time until the API server enforces a changed injection guard. */
    readonly policyMilliseconds?: number;
    /** Over how many subnets the nodes are spread. */
    readonly subnets?: number;
    readonly maxUnavailable?: number;
    /** How many nodes the faults join at most. */
    readonly mostNodes?: number;
    /** How long a pod takes until it is Ready. */
    readonly startMilliseconds?: number;
    /** Whether the code of before has handed over, before the first turn. */
    readonly ofBefore?: boolean;
    readonly turns: readonly Turn[];
    /** Whether the pods write network policy logs. */
    readonly writesLogs?: boolean;
    /** Nodes come and go during the turns. */
    readonly churn?: ChurnOf;
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
/** The nodes of terminated instances are gone by then. */
const NODE_GONE_MILLISECONDS = 60_000;
/** A run may fail while a node returns, while the webhook returns, and during the controller's longest backoff. */
const TRIES = 3;
/** How often the operator follows an advice, and tries again. */
const MOST_ADVICE = 10;

/** Runs a scenario, ends its faults, and then checks the two goals: hand-over and hand-back. */
export async function runOnWorld(scenario: Scenario, resources: Resources = REAL_RESOURCES): Promise<ModelRun> {
    const { world, engine } = await begin(scenario, resources);
    const churn = scenario.churn && new Churn(world, scenario.churn);
    for (const turn of scenario.turns) {
        await runTurn(world, engine, turn);
    }
    if (churn !== undefined) {
        churn.end();
        world.advance(NODE_GONE_MILLISECONDS);
    }
    endAllFaults(world);
    await reachGoals(world, engine, new Operator(world, engine, scenario.last));
    return { problems: world.problems, log: world.log, seen: new Set(world.log.map(kindOf)) };
}

export function endAllFaults(world: ModelWorld): void {
    world.note("== all faults end");
    endFaults(world);
    endOwnerChanges(world);
    world.advance(IDLE_MILLISECONDS);
}

/** Reports each run that goes on towards a goal, when it has ended. */
export type AfterRun = (goal: string, run: Run) => void;

/** Checks that the hand-over is reached, and then the hand-back. */
export async function reachGoals(
    world: ModelWorld,
    engine: Engine,
    operator: Operator,
    afterRun?: AfterRun,
): Promise<void> {
    const handOver = async () => {
        const isReached = () => handedOver(world, engine, operator.program, operator.stays);
        await reachGoal(world, "the hand-over", isReached, (run) => operator.handOver(run), operator, afterRun);
    };
    await handOver();
    if ((operator.program.otherIssuers ?? []).length > 0) {
        await checkRefused(world, engine);
        operator.leaveOtherClusters();
        await handOver();
    }
    await reachHandBack(world, engine, operator, afterRun);
}

/** Checks that the hand-back is reached. */
export async function reachHandBack(
    world: ModelWorld,
    engine: Engine,
    operator: Operator,
    afterRun?: AfterRun,
): Promise<void> {
    const stays = staysWithout(world);
    const leaving = leavingRoles(world);
    world.ownNodeRoles.grown.clear();
    const isReached = () => handedBack(world, engine, stays, [...leaving, ...world.ownNodeRoles.grown]);
    await reachGoal(world, "the hand-back", isReached, (run) => engine.destroy(run), operator, afterRun);
}

/** The cluster, the account and the stack as a scenario begins. */
export async function begin(scenario: Scenario, resources: Resources = REAL_RESOURCES) {
    const world = worldOf(scenario);
    const engine = new Engine(world, resources);
    if (scenario.ofBefore) {
        await beginAsOfBefore(world, engine, scenario);
    }
    return { world, engine };
}

function worldOf(scenario: Scenario): ModelWorld {
    const world = new ModelWorld();
    world.strategy = scenario.strategy;
    world.policyMilliseconds = scenario.policyMilliseconds ?? world.policyMilliseconds;
    world.subnets = scenario.subnets ?? world.subnets;
    world.maxUnavailable = scenario.maxUnavailable ?? world.maxUnavailable;
    world.startMilliseconds = scenario.startMilliseconds ?? world.startMilliseconds;
    world.mostNodes = scenario.mostNodes ?? world.mostNodes;
    ["a", "b", ...scenario.nodes].forEach((role) => world.join(role));
    world.writesLogs = scenario.writesLogs ?? false;
    if (scenario.more) {
        world.createNodeRole("c");
        world.conditions.otherPolicies = { a: [CUSTOMER_POLICY] };
    }
    world.advance(4000 + world.startMilliseconds);
    return world;
}

/**
 * The code of before hands over. The first update of the present code with the same program restarts no pod: it is played if the scenario
 * goes on with the same program, so that the sequence begins after it or with the state of before.
 */
async function beginAsOfBefore(world: ModelWorld, engine: Engine, { last, turns }: Scenario): Promise<void> {
    const { operation } = turns[0] ?? {};
    const program = named(world, { ...last, otherIssuers: [] });
    world.note("== the code of before hands over");
    await engine.up(program, new Run(world));
    engine.becomeOneOfBefore();
    if (operation?.do !== "up") {
        return;
    }
    const { pods } = world;
    world.note("== the update to the present code");
    await engine.up(program, new Run(world));
    if (world.pods.some((pod) => !pods.includes(pod)) || world.pods.some(({ stoppingSince }) => stoppingSince)) {
        world.problem("the update to the present code restarts pods");
    }
}

export async function runTurn(world: ModelWorld, engine: Engine, turn: Turn): Promise<void> {
    const { operation, faults, killedAt, killedAsItDetaches: which, moves = [] } = turn;
    moves.forEach((move) => make(world, move));
    faults.forEach(({ after, fault }) => world.later(world.now + after, () => inject(world, fault)));
    const run = new Run(world, killedAt);
    world.onDetached = which === undefined ? undefined : () => killWithoutWebhook(world, run, which);
    world.onWave = () => (turn.asAWaveBegins ?? []).forEach((fault) => inject(world, fault));
    world.onFailedRollout = killing(world, run, turn.killedAsItTakesBack);
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
                await engine.turnOffAsAdvised(run);
            });
            return;
        case "destroy":
            if (!engine.isPlain) {
                const failed = await attempt(world, () => engine.destroy(run, operation.lastKept));
                checkEnd(world, engine, run, { ...turn, failed });
            }
            return;
        case "up": {
            const failed = await attempt(world, async () => {
                if (operation.refresh) {
                    await engine.refresh(run);
                }
                await engine.up(following(world, operation.program), run, operation.flags);
            });
            if (failed.includes("[canary-failed]") || failed.includes("[rollout-taken-back]")) {
                checkReverted(world, engine);
            }
            checkEnd(world, engine, run, { ...turn, failed });
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

function killing(world: ModelWorld, run: Run, afterMoments: number | undefined): (() => void) | undefined {
    return afterMoments === undefined
        ? undefined
        : () => {
              world.onFailedRollout = undefined;
              run.kill(afterMoments);
          };
}

function inject(world: ModelWorld, fault: Happening): void {
    if (isOutsider(fault)) {
        injectOutsider(world, fault);
    } else if (isInstanceChange(fault)) {
        injectInstanceChange(world, fault);
    } else if (isNeighbourChange(fault)) {
        injectNeighbourChange(world, fault);
    } else if (isOwnerChange(fault)) {
        injectOwnerChange(world, fault);
    } else {
        injectFault(world, fault);
    }
}

/** Other clusters carry the role, so a destroy must not delete it. */
async function checkRefused(world: ModelWorld, engine: Engine): Promise<void> {
    injectNeighbourChange(world, { kind: "otherClustersTakeTheRole" });
    world.note("== a destroy while other clusters share the role");
    const message = await attempt(world, () => engine.destroy(new Run(world)));
    if (!message.includes("[other-clusters]")) {
        world.problem(`a destroy is not refused while other clusters share the role: ${message}`);
    }
}

/**
 * A canary that failed must be reverted when the run ends, and a wave too, unless the injection guard would refuse their next pods. Without a
 * way to STS, that is so only if the node roles hold their policies.
 */
export function checkReverted(world: ModelWorld, engine: Engine): void {
    const { roleArn: arn = "" } = engine;
    const cutOff = world.cutOffWith(arn).map(({ name }) => name);
    if (cutOff.length > 0 && mayGoBack(world, engine)) {
        world.problem(`the failed rollout of ${arn} was not taken back: ${cutOff.join(", ")}`);
    }
    const carriers = world.pods.filter((pod) => pod.roleArn === arn && !pod.stoppingSince);
    const fails = world.cniRoles.get(arn)?.works === false && admitsOther(world, engine);
    if (fails && (carriers.length > 0 || world.annotations[ROLE_ARN] === arn)) {
        const names = carriers.map(({ name }) => name).join(", ");
        world.problem(`the failed canary of ${arn} was not reverted; pods that carry the role: ${names}`);
    }
}

async function reachGoal(
    world: ModelWorld,
    what: string,
    isReached: () => string | undefined,
    act: (run: Run) => Promise<void>,
    operator: Operator,
    afterRun: AfterRun = () => undefined,
): Promise<void> {
    let advised = 0;
    for (let tries = 0; tries < TRIES + advised; tries += 1) {
        world.note(`== ${what}`);
        const run = new Run(world);
        const failed = await attempt(world, () => act(run));
        afterRun(what, run);
        if (advised < MOST_ADVICE && operator.follow(failed)) {
            advised += 1;
        } else if (failed === "" || tries === TRIES + advised - 1) {
            const missing = failed === "" ? isReached() && reachedLater(world, isReached) : failed;
            if (missing !== undefined) {
                world.problem(`${what} is not reached: ${missing}`);
            }
            return;
        }
        operator.attachPolicies(failed);
        world.advance(IDLE_MILLISECONDS);
    }
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

/** The DaemonSet controller creates a pod that was refused by itself, later. A refresh calls it drift only after a minute. */
function reachedLater(world: ModelWorld, isReached: () => string | undefined): string | undefined {
    world.advance(LONGEST_BACKOFF_MILLISECONDS + IDLE_MILLISECONDS);
    return isReached();
}
