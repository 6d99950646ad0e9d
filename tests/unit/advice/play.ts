import * as assert from "node:assert/strict";
import { isRefusal, Refusal } from "../../../handover/model/refusal";
import { Engine, Program, REAL_RESOURCES, Resources } from "../../model/engine";
import { Run } from "../../model/run";
import { CNI_POLICY } from "../../model/runContext";
import { ModelWorld } from "../../model/world";

/** A command of the user. */
export type Command = "up" | "up --refresh" | "destroy";

/** A message, and a user who follows its advice. */
export interface AdviceScenario {
    readonly code: string;
    /** In words, if the code has several scenarios. */
    readonly title?: string;
    /** Whether the cluster was handed over before: the node roles hold nothing, and the injection guard is in force. */
    readonly handedOver: boolean;
    /** What goes wrong. */
    readonly trouble: (play: Play) => unknown;
    /** The command that refuses. */
    readonly command: Command;
    /** The words of the advice that the user follows. Each must be in the message. */
    readonly advice: readonly string[];
    /** Does what these words say, except for the commands in `again`. */
    readonly follow: (play: Play) => unknown;
    /** The commands that then succeed. Defaults to the same one. */
    readonly again?: readonly Command[];
    /** Whether the trouble itself has cut off pods, which the advice cures. Defaults to false. */
    readonly hasCutOff?: boolean;
}

const ROLLOUT_MILLISECONDS = 15_000;
export const TWO_MINUTES = 120_000;
export const HANDED_OVER: Program = { roleName: "cni", detachFromNodeRoles: ["a", "b"] };

/** A user with a program, a cluster and an account. */
export class Play {
    public readonly world = new ModelWorld();
    public program: Program = HANDED_OVER;
    /** Whether the program leaves the live checks on. */
    public liveChecks = true;
    /** Pressed during the next command. */
    public ctrlC: AbortController | undefined;
    private readonly engine: Engine;

    public constructor(resources: Resources) {
        this.engine = new Engine(this.world, resources);
        ["a", "b", "a"].forEach((role) => this.world.join(role));
        this.world.advance(5000);
    }

    public async run(command: Command): Promise<void> {
        const run = new Run(this.world, undefined, this.ctrlC?.signal);
        if (command === "destroy") {
            await this.engine.destroy(run);
            return;
        }
        if (command === "up --refresh") {
            await this.engine.refresh(run);
        }
        await (this.liveChecks ? this.engine.up(this.program, run) : this.engine.turnOff(run));
    }

    public get isDestroyed(): boolean {
        return this.engine.isEmpty;
    }

    /** Changes arguments of the program. */
    public set(changes: Partial<Program>): void {
        this.program = { ...this.program, ...changes };
    }

    /** A role that works, in this account, which pods may carry besides the component's. */
    public createRole(name: string): string {
        const arn = `arn:aws:iam::111122223333:role/${name}`;
        this.world.cniRoles.set(arn, { createdAt: 0, works: true });
        return arn;
    }

    /** As `kubectl rollout restart`: one pod after another, each once the one before is Ready. */
    public restartPods(nodes = this.world.nodes): void {
        for (const { name } of [...nodes]) {
            const pod = this.world.pods.find(({ node }) => node === name);
            if (pod !== undefined) {
                this.world.stop(pod.uid, false);
            }
            this.world.advance(ROLLOUT_MILLISECONDS, () =>
                this.world.pods.some((one) => one.node === name && one !== pod && this.world.isReady(one)),
            );
        }
    }

    public wait(milliseconds: number): void {
        this.world.advance(milliseconds);
    }
}

/** Plays a scenario, and throws if the message is another one, its advice does not help, or a pod is cut off. */
export async function playAdvice(scenario: AdviceScenario, resources = REAL_RESOURCES): Promise<void> {
    const play = new Play(resources);
    if (scenario.handedOver) {
        await play.run("up");
        assert.deepEqual(
            [play.world.isAttached("a"), play.world.isAttached("b"), play.world.guard !== undefined],
            [false, false, true],
        );
    }
    await scenario.trouble(play);
    const refusal = await refusalOf(play, scenario.command);
    assert.equal(refusal.code, scenario.code, refusal.message);
    for (const words of scenario.advice) {
        assert.ok(refusal.fix.includes(words), `the advice lacks ${JSON.stringify(words)}: ${refusal.fix}`);
    }
    if (scenario.hasCutOff === true) {
        assert.notDeepEqual(play.world.problems, [], "the trouble cuts off no pod");
        // IAM enforces the policies that the run has just attached again.
        play.wait(ROLLOUT_MILLISECONDS);
        play.world.problems.length = 0;
    }
    noPodIsCutOff(play, "before the advice is followed");
    play.restartPods();
    noPodIsCutOff(play, "by a restart before the advice is followed");
    await scenario.follow(play);
    noPodIsCutOff(play, "by the advice");
    play.restartPods();
    noPodIsCutOff(play, "by a restart after the advice");
    for (const command of scenario.again ?? [scenario.command]) {
        await play.run(command);
        noPodIsCutOff(play, `by ${command}`);
    }
    play.restartPods();
    noPodIsCutOff(play, "by a restart afterwards");
    assert.deepEqual(nodesWithoutPod(play), [], "nodes without a pod that works");
    if (!play.isDestroyed) {
        if (!play.liveChecks) {
            // A destroy without them deletes the role under the pods: docs/import-and-migration.md, Removing the component.
            play.liveChecks = true;
            await play.run("up");
        }
        await play.run("destroy");
        play.restartPods();
        noPodIsCutOff(play, "by the destroy at the end");
    }
    assert.ok(play.isDestroyed);
}

async function refusalOf(play: Play, command: Command): Promise<Refusal> {
    try {
        await play.run(command);
    } catch (error) {
        if (isRefusal(error)) {
            return error;
        }
        throw error;
    }
    play.wait(ROLLOUT_MILLISECONDS);
    throw new Error([`${command} succeeds, and cuts off:`, ...play.world.problems].join("\n"));
}

/** The injection guard may have refused their pods. */
function nodesWithoutPod({ world }: Play): string[] {
    const isRunning = (name: string) => world.pods.some((pod) => pod.node === name && world.isReady(pod));
    return world.nodes.flatMap(({ name }) => (isRunning(name) ? [] : [name]));
}

function noPodIsCutOff({ world }: Play, when: string): void {
    const first = world.log.findIndex((line) => line.includes("!!!"));
    const around = world.log.slice(Math.max(0, first - 30), first + 5);
    assert.ok(world.problems.length === 0, [`cut off ${when}:`, ...world.problems, ...around].join("\n"));
}

export { CNI_POLICY };
