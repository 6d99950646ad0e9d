/** A second stack with a component for the same DaemonSet, as when two teams hand over one cluster. Its commands run beside those of the first. */
import * as fc from "fast-check";
import { attempt } from "../model/attempt";
import { Engine, type Program, type Resources } from "../model/engine";
import { restartForeign } from "../model/operator";
import { Run } from "../model/run";
import type { ModelWorld } from "../model/world";

export interface RivalTurn {
    readonly do: "up" | "destroy";
    /** How many calls of the first stack come before its own first call. */
    readonly after: number;
    readonly killedAt: number | undefined;
    readonly detaches: boolean;
}

const NAMES = { component: "rival", manager: "eks-cni/rival/production/cni", injectionGuardName: "rival-guard" };

export class Rival {
    private readonly engine: Engine;

    public constructor(
        private readonly world: ModelWorld,
        resources: Resources,
    ) {
        this.engine = new Engine(world, resources, NAMES);
    }

    /** One command. A refusal ends it, as it ends that of an operator. */
    public async run({ do: command, after, killedAt, detaches }: RivalTurn): Promise<void> {
        const { world, engine } = this;
        const program: Program = { roleName: "rival", detachFromNodeRoles: detaches ? world.nodeRoles : undefined };
        const run = new Run(world, killedAt);
        await turnsOfOthers(after);
        world.note(`== the second stack: ${command}`);
        await ending(world, () => (command === "up" ? engine.up(program, run) : engine.destroy(run)));
    }

    /**
     * Its operator gives up. A hand-back waits for every pod, also for one that the first stack has left without a path, which only that stack
     * gives up again. Returns the message of a destroy that fails nevertheless.
     */
    public async leave(first: Engine): Promise<string> {
        const { world, engine } = this;
        const destroy = async (whose: string, one: Engine) => {
            world.note(`== ${whose} is destroyed`);
            const failed = await ending(world, () => one.destroy(new Run(world)));
            world.advance(PAUSE_MILLISECONDS);
            return failed;
        };
        const isLeft = () => !engine.isEmpty;
        let failed = "";
        for (let tries = 0; isLeft() && tries < MOST_TRIES; tries += 1) {
            failed = await destroy("the second stack", engine);
            if (isLeft() && !restartForeign(world, failed)) {
                await destroy("the first stack", first);
            }
        }
        return isLeft() ? failed : "";
    }
}

const MOST_TRIES = 3;
const PAUSE_MILLISECONDS = 20_000;

const ending = (world: ModelWorld, act: () => Promise<void>) =>
    attempt(world, act, { done: "== it has ended", ended: "== it has ended" });

/** Each call of a run ends with a promise, so that the calls of two runs alternate. */
async function turnsOfOthers(count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
        await Promise.resolve();
    }
}

export const rivalTurn: fc.Arbitrary<RivalTurn> = fc.record({
    do: fc.constantFrom("up" as const, "up" as const, "destroy" as const),
    after: fc.nat({ max: 200 }),
    killedAt: fc.oneof(fc.constant(undefined), fc.nat({ max: 80 })),
    detaches: fc.boolean(),
});
