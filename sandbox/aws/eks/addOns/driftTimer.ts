/** Calls a function again and again; a call that is late leaves out the next ones. */
export class DriftTimer {
    private timer: NodeJS.Timeout | undefined;
    private isBusy = false;

    constructor(private readonly round: () => Promise<void>) {}

    /** Null for never. */
    every(seconds: number | null): void {
        clearInterval(this.timer);
        this.timer = seconds === null ? undefined : setInterval(() => void this.tick(), seconds * 1000);
        this.timer?.unref();
    }

    private async tick(): Promise<void> {
        if (!this.isBusy) {
            this.isBusy = true;
            await this.round().finally(() => (this.isBusy = false));
        }
    }
}
