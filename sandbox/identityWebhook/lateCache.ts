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

    /** @param seen Called when the change becomes visible. */
    hear(key: string, value: T | undefined, seen: () => void = () => undefined): void {
        this.heard.push(() => {
            if (value === undefined) {
                this.known.delete(key);
            } else {
                this.known.set(key, value);
            }
            seen();
        });
    }

    get(key: string): T | undefined {
        this.heard.deliver();
        return this.known.get(key);
    }

    all(): readonly T[] {
        this.heard.deliver();
        return [...this.known.values()];
    }
}
