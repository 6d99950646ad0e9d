/** Delivers events late, and in order: each one when the delay is over. */
export class LateQueue {
    private readonly waiting: { readonly at: number; readonly deliver: () => void }[] = [];
    private delayMilliseconds = 0;
    private timer: NodeJS.Timeout | undefined;

    constructor(private readonly now: () => number = Date.now) {}

    /** Applies also to events that wait already; 0 delivers all of them. */
    setDelay(milliseconds: number): void {
        this.deliver();
        this.delayMilliseconds = milliseconds;
        this.deliver();
    }

    push(deliver: () => void): void {
        this.waiting.push({ at: this.now(), deliver });
        this.deliver();
    }

    /** Delivers the events whose delay is over. A timer does it too. */
    deliver(): void {
        clearTimeout(this.timer);
        const latest = this.now() - this.delayMilliseconds;
        for (let next = this.waiting[0]; next && next.at <= latest; next = this.waiting[0]) {
            this.waiting.shift();
            next.deliver();
        }
        const [next] = this.waiting;
        if (next && Number.isFinite(this.delayMilliseconds)) {
            this.timer = setTimeout(() => this.deliver(), next.at - latest).unref();
        }
    }
}
