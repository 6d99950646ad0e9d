/** Several clusters of an account whose nodes have the same node role, each with its own stack, and their operator. */
import * as assert from "node:assert/strict";
import { ModelAccount } from "./account";
import { Engine, type Program, REAL_RESOURCES, type Resources } from "./engine";
import { endFaults, type Fault, injectFault } from "./faults";
import { Run } from "./run";
import { clusterArnOf } from "./runContext";
import { Turns } from "./turns";
import { ModelWorld } from "./world";

/** The node role of all of them. */
export const SHARED = "a";

/**
 * From the change of a node group's size until its instances are nodes: they boot meanwhile. It is longer than any webhook's cache is outdated here.
 */
const JOINS_AFTER_MILLISECONDS = 20_000;
/** The most time from a run's look at the account to its detachment, also if answers are late or lost. An instance that is launched in it is not seen. */
const LOOK_TO_DETACHMENT_MILLISECONDS = 10_000;

/** What a program says about the other clusters. */
export type Naming =
    /** All that are handed over now, as its operator sees it. */
    | "handedOver"
    | "none"
    /** What it said before, although a cluster may have been handed back since: the operator has forgotten it. */
    | "asBefore";

/** A run of the stack of the cluster with this number. */
export type ClusterRun =
    | {
          readonly do: "up";
          readonly of: number;
          readonly naming: Naming;
          readonly refresh: boolean;
          readonly roleName: string;
          readonly killedAt?: number | undefined;
      }
    /** `withdraws`: the other programs first stop to name it, as the documentation says. */
    | {
          readonly do: "destroy";
          readonly of: number;
          readonly withdraws: boolean;
          readonly killedAt?: number | undefined;
      }
    /** An update with `liveChecks: false`. The other programs first stop to name it, as the documentation says. */
    | {
          readonly do: "turnOff";
          readonly of: number;
          readonly refresh: boolean;
          readonly killedAt?: number | undefined;
      };

export type Turn =
    | { readonly runs: readonly [ClusterRun]; readonly faults: readonly ClusterFault[] }
    /** Two at once. The choices decide which of them goes on, again and again. */
    | {
          readonly runs: readonly [ClusterRun, ClusterRun];
          readonly choices: readonly number[];
          readonly faults: readonly ClusterFault[];
      };

export interface ClusterFault {
    readonly of: number;
    readonly after: number;
    readonly fault: Fault | SharingChange;
}

export type SharingChange =
    /** All nodes of the cluster leave, and later others join. */
    | { readonly kind: "scaledToZero" | "scaledUp" }
    /** In the console, for example. */
    | { readonly kind: "sharedPolicyAttached" };

export interface SharedScenario {
    /** Whether each program lists the node role. One that does not makes no injection guard. */
    readonly lists: readonly boolean[];
    /** Whether the last cluster is in another region. */
    readonly isFar: boolean;
    /** Whether the nodes of the last cluster join only as the first run of its stack begins: another run may have detached the policy before. */
    readonly isLate?: boolean;
    readonly turns: readonly Turn[];
    /** The cluster that detaches in the end. */
    readonly last: number;
    /** The order of the destroys. */
    readonly order: readonly number[];
    /** Whether the stacks that are left run an update after each destroy. */
    readonly updatesBetween: boolean;
    /** The moments at which the first try of each destroy is killed. */
    readonly killed: readonly (number | undefined)[];
}

const MOST_NODES = 6;

export class Cluster {
    public readonly engine: Engine;
    /** What its program says. */
    public named: readonly string[] = [];
    public roleName = "cni";
    /** What it said in the last update that has finished. */
    private finishedRoleName = "cni";
    private finishedNamed: readonly string[] = [];
    /** Whether its last update has finished, and no destroy has begun since. */
    public isHandedOver = false;
    /** When its nodes left. */
    public lastEmptied = -Infinity;
    private hasBegun = false;
    /** When the nodes were launched that have not joined yet. */
    private launchedAt: number | undefined;

    public constructor(
        public readonly world: ModelWorld,
        public readonly lists: boolean,
        resources: Resources,
    ) {
        this.engine = new Engine(world, resources);
        world.mostNodes = 0;
    }

    public begin(): void {
        const { world } = this;
        if (!this.hasBegun) {
            this.hasBegun = true;
            this.scaleUp();
            world.advance(5000);
        }
    }

    public scaleToZero(): void {
        const { world } = this;
        this.cancelLaunch();
        [...world.nodes].forEach((node) => world.lose(node));
        world.mostNodes = 0;
        this.lastEmptied = world.now;
    }

    /** Its next nodes are launched. EC2 shows their instances before they join. */
    public launch(): void {
        const { world } = this;
        if (world.nodes.length === 0 && this.launchedAt === undefined) {
            const { now } = world;
            this.mayBeginWithout();
            world.otherInstances.launch(SHARED, "pending", now);
            this.launchedAt = now;
            world.later(now + JOINS_AFTER_MILLISECONDS, () => {
                // The launch may have been cancelled, and be followed by another one.
                if (this.launchedAt === now) {
                    this.join();
                }
            });
        }
    }

    public scaleUp(): void {
        const { world } = this;
        if (world.nodes.length === 0) {
            this.mayBeginWithout();
            this.join();
        }
    }

    private join(): void {
        const { world, launchedAt = -Infinity } = this;
        const detachedAt = world.now - world.detachedFor(SHARED, world.now);
        if (detachedAt >= launchedAt && detachedAt < launchedAt + LOOK_TO_DETACHMENT_MILLISECONDS) {
            this.mayBeginWithout();
        }
        world.note("** the nodes join");
        this.cancelLaunch();
        world.mostNodes = MOST_NODES;
        world.join(SHARED);
        world.join(SHARED);
    }

    private cancelLaunch(): void {
        if (this.launchedAt !== undefined) {
            this.world.otherInstances.takeUnjoined();
            this.launchedAt = undefined;
        }
    }

    /**
     * The pods of new nodes may find the policy detached, if no instance used the role before (docs/limits.md). Only if the cluster is handed over,
     * they need none.
     */
    private mayBeginWithout(): void {
        if (!this.isHandedOver) {
            this.world.beginWithout(SHARED);
        }
    }

    /** Its nodes are back, if they have joined before. */
    public endScaling(): void {
        if (this.hasBegun) {
            this.scaleUp();
        }
    }

    /** The role of its program, without a mistake. */
    public get goodRoleName(): string {
        return this.roleName.startsWith("bad") ? this.finishedRoleName : this.roleName;
    }

    /** Whether the last update has finished, and said the same. */
    public hasFinishedWith(roleName: string): boolean {
        const isSaid = this.named.every((arn) => this.finishedNamed.includes(arn));
        return this.isHandedOver && this.roleName === roleName && this.finishedRoleName === roleName && isSaid;
    }

    /** As after a rollout that was taken back. */
    public get usesNodeRole(): boolean {
        return this.world.pods.some(({ roleArn }) => roleArn === undefined);
    }

    public finish(): void {
        this.isHandedOver = true;
        this.finishedRoleName = this.roleName;
        this.finishedNamed = this.named;
    }

    public get arn(): string {
        return clusterArnOf(this.world);
    }

    public program(): Program {
        const { named, roleName, lists } = this;
        const base = { roleName, detachFromNodeRoles: lists ? [SHARED] : undefined };
        return lists && named.length > 0 ? { ...base, handedOverClusterArns: named } : base;
    }
}

/** The live checks for the stack of a cluster. */
export type ResourcesOf = (world: ModelWorld) => Resources;

/** As the run began. */
interface Before {
    readonly record: Engine["record"];
    readonly isAttached: boolean;
    readonly hasNodes: boolean;
    /** Whether another cluster has nodes with the role. */
    readonly isShared: boolean;
}

export interface EndedRun {
    readonly cluster: Cluster;
    readonly operation: ClusterRun;
    readonly run: Run;
    /** The message of its error, or an empty string. */
    readonly failed: string;
    /** No other run went on at the same time. */
    readonly wasAlone: boolean;
    readonly before: Before;
}

/** How long IAM may show a policy that was detached just before: a destroy attaches it all the same. */
const IAM_SHOWS_AFTER_MILLISECONDS = 5000;

export class SeveralClusters {
    public readonly clusters: readonly Cluster[];
    /** Whether the operator attaches the policy for a cluster whose program does not list the role, as the message of its destroy says. */
    public followsAdvice = false;
    /** Called after each run. */
    public onEnded: (ended: EndedRun) => void = () => undefined;

    public constructor(
        { lists, isFar, isLate = false }: Pick<SharedScenario, "lists" | "isFar" | "isLate">,
        resources: Resources | ResourcesOf = REAL_RESOURCES,
    ) {
        const account = new ModelAccount<ModelWorld>();
        this.clusters = lists.map((isListed, index) => {
            const region = isFar && index === lists.length - 1 ? "us-east-1" : "eu-west-1";
            const world = new ModelWorld(account, `c${String(index)}`, region);
            return new Cluster(world, isListed, typeof resources === "function" ? resources(world) : resources);
        });
        this.clusters.slice(0, isLate ? -1 : undefined).forEach((cluster) => cluster.begin());
    }

    private get first(): Cluster {
        return this.of(0);
    }

    public of(index: number): Cluster {
        const { clusters } = this;
        const cluster = clusters[index % clusters.length];
        assert.ok(cluster);
        return cluster;
    }

    public get problems(): string[] {
        return this.clusters.flatMap(({ world }) =>
            world.problems.map((problem) => `${world.clusterName}: ${problem}`),
        );
    }

    public get log(): string[] {
        return this.clusters
            .flatMap(({ world }) =>
                world.log.map((line) => `${line.slice(0, 10)}${world.clusterName} ${line.slice(10)}`),
            )
            .sort((a, b) => Number(a.slice(0, 8)) - Number(b.slice(0, 8)));
    }

    public note(line: string): void {
        this.first.world.note(line);
    }

    public async play(turn: Turn): Promise<void> {
        turn.faults.forEach(({ of, after, fault }) => {
            const { world } = this.of(of);
            world.later(world.now + after, () => this.inject(this.of(of), fault));
        });
        const [one, other] = turn.runs;
        if (other === undefined || this.of(one.of) === this.of(other.of)) {
            await this.run(one);
            return;
        }
        let at = 0;
        const choices = "choices" in turn ? turn.choices : [];
        const turns = new Turns(() => choices[at++ % Math.max(1, choices.length)] ?? 0);
        // Both programs are written before either run begins, and name no cluster that is about to be handed back.
        const inOrder = [one, other].sort((a, b) => Number(b.do === "destroy") - Number(a.do === "destroy"));
        const runs = inOrder.map((run) => this.prepared(run));
        this.note("== two runs at once");
        await turns.play(runs.map((begin) => begin(turns)));
    }

    private inject(cluster: Cluster, fault: ClusterFault["fault"]): void {
        const { world } = cluster;
        switch (fault.kind) {
            case "scaledToZero":
                world.note("** scaledToZero");
                cluster.scaleToZero();
                break;
            case "scaledUp":
                world.note("** scaledUp");
                cluster.launch();
                break;
            case "sharedPolicyAttached":
                world.note("** sharedPolicyAttached");
                world.setAttached(SHARED, true);
                break;
            default:
                injectFault(world, fault);
        }
    }

    /** Returns the message of its error, or an empty string. */
    public async run(run: ClusterRun): Promise<string> {
        if (run.do === "turnOff" || (run.do === "destroy" && run.withdraws)) {
            await this.withdraw(this.of(run.of));
        }
        return this.prepared(run)(undefined);
    }

    /**
     * The other programs stop to name the cluster. The policy is attached then, if its nodes show that they use the role: those that it has all the
     * time, since an update does not see a cluster without instances (docs/hand-over.md, A node role of several clusters).
     */
    private async withdraw(cluster: Cluster): Promise<void> {
        const naming = this.clusters.filter((other) => other.named.includes(cluster.arn) && !other.engine.isEmpty);
        const wasNamed = naming.some(({ engine }) => engine.handedOverBefore.includes(cluster.arn));
        const { now: began } = cluster.world;
        const hadNodes = cluster.world.nodes.length > 0;
        cluster.isHandedOver = false;
        const failed: string[] = [];
        for (const other of naming) {
            const { goodRoleName: roleName } = other;
            const of = this.clusters.indexOf(other);
            failed.push(await this.run({ do: "up", of, naming: "handedOver", refresh: false, roleName }));
        }
        const { world } = cluster;
        if (
            wasNamed &&
            failed.every((one) => one === "") &&
            hadNodes &&
            world.nodes.length > 0 &&
            cluster.lastEmptied < began &&
            world.detachedFor(SHARED, began) >= IAM_SHOWS_AFTER_MILLISECONDS
        ) {
            world.problem(`${cluster.arn} is no longer named, and ${SHARED} lacks the policy`);
        }
    }

    private prepared(operation: ClusterRun): (turns: Turns | undefined) => Promise<string> {
        const cluster = this.of(operation.of);
        const { world, engine } = cluster;
        cluster.begin();
        const { what, act } = this.actOf(cluster, operation);
        return async (turns) => {
            world.note(`== ${what}`);
            const before = this.before(cluster);
            const run = new Run(world, operation.killedAt, undefined, turns);
            const failed = await this.ended(cluster, () => act(engine, run));
            if (operation.do === "up" && failed === "") {
                cluster.finish();
            }
            this.onEnded({ cluster, operation, run, failed, wasAlone: turns === undefined, before });
            return failed;
        };
    }

    private before(cluster: Cluster): Before {
        const { world, engine } = cluster;
        return {
            record: engine.record,
            isAttached: world.isAttached(SHARED),
            hasNodes: world.nodes.length > 0,
            isShared: this.clusters.some((other) => other !== cluster && other.world.nodes.length > 0),
        };
    }

    private actOf(
        cluster: Cluster,
        operation: ClusterRun,
    ): { what: string; act: (engine: Engine, run: Run) => Promise<void> } {
        const refreshed = async (engine: Engine, run: Run) => {
            if (operation.do !== "destroy" && operation.refresh) {
                await engine.refresh(run);
            }
        };
        const flags = operation.do !== "destroy" && operation.refresh ? " --refresh" : "";
        switch (operation.do) {
            case "destroy":
                cluster.isHandedOver = false;
                return {
                    what: "destroy",
                    // Without live checks, a destroy deletes the role under the pods: a documented limit.
                    act: async (engine, run) => (engine.isPlain ? undefined : engine.destroy(run)),
                };
            case "turnOff":
                return {
                    what: `turn the live checks off${flags}`,
                    act: async (engine, run) => {
                        await refreshed(engine, run);
                        await engine.turnOffAsAdvised(run);
                    },
                };
            case "up": {
                cluster.named = this.namesFor(cluster, operation);
                cluster.roleName = operation.roleName;
                const program = cluster.program();
                return {
                    what: `up${flags} ${JSON.stringify(program)}`,
                    act: async (engine, run) => {
                        await refreshed(engine, run);
                        await engine.up(program, run);
                    },
                };
            }
        }
    }

    /**
     * The operator names no cluster that is not handed over, with one exception: after a finished update, an update that says the same is safe also
     * if a cluster was handed back meanwhile.
     */
    private namesFor(cluster: Cluster, { naming, roleName }: Extract<ClusterRun, { do: "up" }>): readonly string[] {
        const handedOver = this.clusters
            .filter((other) => other !== cluster && other.isHandedOver && !other.usesNodeRole)
            .map(({ arn }) => arn);
        if (naming === "none" || !cluster.lists) {
            return [];
        }
        const isTrue = cluster.named.every((arn) => handedOver.includes(arn));
        const { detachedFrom = [], remainingSteps = [] } = cluster.engine.outputs ?? {};
        const isKept =
            detachedFrom.includes(SHARED) ||
            remainingSteps.some((line) => line.startsWith(`[attached-again] ${SHARED} `));
        const mayForget = isKept && cluster.hasFinishedWith(roleName);
        return naming === "asBefore" && (isTrue || mayForget) ? cluster.named : handedOver;
    }

    private async ended({ world }: Cluster, act: () => Promise<void>): Promise<string> {
        try {
            await act();
            world.note("== done");
            return "";
        } catch (error) {
            const message = error instanceof Error ? error.message : String(error);
            world.note(`== ended: ${message}`);
            return message === "" ? "killed" : message;
        }
    }

    public idle(): void {
        this.first.world.advance(20_000);
    }

    public endFaults(): void {
        this.clusters.forEach(({ world }) => endFaults(world));
        this.clusters.forEach((cluster) => cluster.endScaling());
        this.idle();
    }
}

const TRIES = 3;

/** Plays a scenario: its turns, then a hand-over of all clusters, and then their destroys. */
export async function playShared(
    scenario: SharedScenario,
    resources: Resources = REAL_RESOURCES,
): Promise<SeveralClusters> {
    const all = new SeveralClusters(scenario, resources);
    for (const turn of scenario.turns) {
        await all.play(turn);
    }
    all.endFaults();
    await reachSharedGoals(all, scenario);
    return all;
}

/** Checks that all clusters are handed over, and then handed back. */
export async function reachSharedGoals(all: SeveralClusters, scenario: Omit<SharedScenario, "turns">): Promise<void> {
    await handOverAll(all, scenario.last);
    await destroyAll(all, scenario);
}

/** Every cluster, and then the detachment by the last one. */
async function handOverAll(all: SeveralClusters, last: number): Promise<void> {
    const { clusters } = all;
    const up = (of: number, naming: Naming) =>
        reach(all, of, () => all.run({ do: "up", of, naming, refresh: true, roleName: all.of(of).goodRoleName }));
    for (const of of clusters.keys()) {
        await up(of, "handedOver");
    }
    await up(last, "handedOver");
    const { world, lists, engine } = all.of(last);
    if (engine.outputs?.remainingSteps.some((line) => line.startsWith("[attached-again] "))) {
        // The advice of this step.
        await up(last, "none");
        await up(last, "handedOver");
    }
    if (lists && (world.isAttached(SHARED) || !engine.outputs?.detachedFrom.includes(SHARED))) {
        world.problem(`${SHARED} is not detached in the end: ${engine.outputs?.remainingSteps.join() ?? ""}`);
    }
    for (const of of clusters.keys()) {
        await up(of, "asBefore");
    }
    if (lists && world.isAttached(SHARED)) {
        world.problem(`an update of another cluster has attached the policy to ${SHARED} again`);
    }
}

async function destroyAll(
    all: SeveralClusters,
    { order, updatesBetween, killed }: Omit<SharedScenario, "turns">,
): Promise<void> {
    const left = new Set(order);
    for (const [index, of] of order.entries()) {
        left.delete(of);
        await all.run({ do: "destroy", of, withdraws: false, killedAt: killed[index] });
        await reach(all, of, () => all.run({ do: "destroy", of, withdraws: false }));
        const { world, engine } = all.of(of);
        const carriers = world.pods.filter(({ roleArn }) => roleArn !== undefined).length;
        if (carriers > 0 || !engine.isEmpty || !world.isAttached(SHARED)) {
            world.problem(`not handed back: ${String(carriers)} pods carry a role`);
        }
        for (const other of updatesBetween ? left : []) {
            const { goodRoleName: roleName } = all.of(other);
            await all.run({ do: "up", of: other, naming: "asBefore", refresh: true, roleName });
        }
        all.idle();
    }
}

async function reach(all: SeveralClusters, of: number, act: () => Promise<string>): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
        const failed = await act();
        if (failed === "") {
            return;
        }
        const { world, lists } = all.of(of);
        if (tries === TRIES - 1) {
            world.problem(`a goal is not reached: ${failed}`);
        }
        if (all.followsAdvice && !lists && failed.includes("[node-role-without-permissions]")) {
            world.note("** the operator follows the advice of node-role-without-permissions");
            world.setAttached(SHARED, true);
        }
        all.idle();
    }
}

/** Plays a scenario, and fails with the log if a pod lost its path or a goal was not reached. */
export async function assertSharedHolds(scenario: SharedScenario, resources?: Resources): Promise<void> {
    const { problems, log } = await playShared(scenario, resources);
    const first = log.findIndex((line) => line.includes("!!!"));
    assert.ok(problems.length === 0, [...problems, "", ...log.slice(Math.max(0, first - 80), first + 5)].join("\n"));
}
