import { LateQueue } from "./lateQueue";

/** A view of the world that lags: each change becomes visible in order, after the delay. */
export class LateCache<T> {
    private readonly known = new Map<string, T>();
    private readonly heard: LateQueue;

    constructor(now: () => number = Date.now) {
        this.heard = new LateQueue(now);
    }

    /** Applies also to changes that are received and not visible yet; 0 makes all of them visible. */
    setDelay(milliseconds: number): void {
        this.heard.setDelay(milliseconds);
    }

    hear(key: string, value: T | undefined): void {
        this.heard.push(() => (value === undefined ? this.known.delete(key) : this.known.set(key, value)));
    }

    get(key: string): T | undefined {
        this.heard.deliver();
        return this.known.get(key);
    }
}
