/**
 * Converts times of the cluster to this machine's clock, by the Date header of the API server's responses.
 *
 * If the user's laptop were a minute off, it would take a pod that has just become Ready for a stable one.
 */
export class ClusterClock {
    private ahead = 0;

    public constructor(public readonly now: () => number = Date.now) {}

    /** The header has whole seconds and takes time to arrive, so a small difference counts as none. */
    public heard(date: string | undefined): void {
        const difference = date === undefined ? NaN : Date.parse(date) + 500 - this.now();
        if (!Number.isNaN(difference)) {
            this.ahead = Math.abs(difference) <= 2000 ? 0 : difference;
        }
    }

    /** How far the cluster's clock is ahead, in milliseconds. */
    public get aheadBy(): number {
        return this.ahead;
    }

    /** The time by this machine's clock, in milliseconds since the epoch. */
    public here(time: Date): number {
        return time.getTime() - this.ahead;
    }
}
