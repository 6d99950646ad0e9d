/** A view of the world that lags: each change becomes visible in order, after the delay. */
export class LateCache<T> {
    private readonly known = new Map<string, T>();
    private readonly heard: { readonly at: number; readonly key: string; readonly value: T | undefined }[] = [];
    private delayMilliseconds = 0;

    constructor(private readonly now: () => number = Date.now) {}

    /** Applies also to changes that are received and not visible yet; 0 makes all of them visible. */
    setDelay(milliseconds: number): void {
        this.takeIn();
        this.delayMilliseconds = milliseconds;
    }

    hear(key: string, value: T | undefined): void {
        this.heard.push({ at: this.now(), key, value });
    }

    get(key: string): T | undefined {
        this.takeIn();
        return this.known.get(key);
    }

    private takeIn(): void {
        const latest = this.now() - this.delayMilliseconds;
        for (let next = this.heard[0]; next && next.at <= latest; next = this.heard[0]) {
            this.heard.shift();
            if (next.value === undefined) {
                this.known.delete(next.key);
            } else {
                this.known.set(next.key, next.value);
            }
        }
    }
}
