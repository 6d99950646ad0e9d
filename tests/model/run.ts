import type { Turns } from "./turns";
import { ModelWorld, TICK_MILLISECONDS } from "./world";

/** Every call of a killed run throws it. */
export class Killed extends Error {}

/** One run of the engine with its providers. It can be killed at a given moment. */
export class Run {
    private moments = 0;
    private dead = false;
    private killIn = Infinity;

    public constructor(
        private readonly world: ModelWorld,
        /** Each call has two moments: right before it takes effect, and right after. Undefined: the run is not killed. */
        private readonly killedAt?: number,
        /** Aborted when the user presses Ctrl-C. */
        public readonly cancelled?: AbortSignal,
        /** Other runs go on between the calls of this one. Undefined: it is alone. */
        private readonly turns?: Turns,
    ) {
        world.beginRun();
        world.moments = [];
    }

    /** How many calls it has made, also those that only read or wait. */
    public get calls(): number {
        return Math.floor(this.moments / 2);
    }

    public get wasKilled(): boolean {
        return this.dead;
    }

    /** Kills the run before its next call, or after some more of its moments. */
    public kill(afterMoments = 0): void {
        this.killIn = this.moments + afterMoments;
    }

    /** A call to the API server or to AWS. It takes time, and the run may be killed before or after it. */
    public async call<T>(what: string, effect: () => T, writes = true): Promise<T> {
        if (this.turns !== undefined) {
            await this.turns.next();
        }
        this.moment(`before: ${what}`);
        if (writes) {
            this.world.note(what);
        }
        const result = effect();
        this.world.advance(TICK_MILLISECONDS);
        this.moment(`after: ${what}`);
        return Promise.resolve(result);
    }

    /** Lets time pass, in which other runs go on. */
    public async pass(
        what: string,
        milliseconds: number,
        { until = () => false, writes = true }: { readonly until?: () => boolean; readonly writes?: boolean } = {},
    ): Promise<void> {
        const { turns, world } = this;
        if (turns === undefined) {
            return this.call(what, () => world.advance(milliseconds, until), writes);
        }
        const end = world.now + milliseconds;
        await this.call(what, () => undefined, writes);
        while (world.now < end && !until()) {
            await turns.next();
            world.advance(TICK_MILLISECONDS);
        }
    }

    private moment(where: string): void {
        if (!this.dead && (this.moments >= this.killIn || this.moments === this.killedAt)) {
            this.dead = true;
            this.world.note(`killed ${where}`);
        }
        this.moments += 1;
        this.world.moments.push(where);
        if (this.dead) {
            throw new Killed(where);
        }
    }
}
