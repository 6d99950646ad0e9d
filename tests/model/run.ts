import { ModelWorld, TICK_MILLISECONDS } from "./world";

/** What a process that has ended makes of every call of it. */
export class Killed extends Error {}

/** One run of the engine with its providers, which ends without a word at a given moment. */
export class Run {
    private moments = 0;
    private dead = false;

    public constructor(
        private readonly world: ModelWorld,
        /** Each call has two: the one right before it takes effect, and the one right after. Undefined: it is never killed. */
        private readonly killedAt?: number,
    ) {}

    public get wasKilled(): boolean {
        return this.dead;
    }

    /** A call to the API server or to AWS: it takes time, and the run may end before or after it. */
    public async call<T>(what: string, effect: () => T, writes = true): Promise<T> {
        this.moment(`before: ${what}`);
        if (writes) {
            this.world.note(what);
        }
        const result = effect();
        this.world.advance(TICK_MILLISECONDS);
        this.moment(`after: ${what}`);
        return Promise.resolve(result);
    }

    private moment(where: string): void {
        if (!this.dead && this.moments === this.killedAt) {
            this.dead = true;
            this.world.note(`killed ${where}`);
        }
        this.moments += 1;
        if (this.dead) {
            throw new Killed(where);
        }
    }
}
