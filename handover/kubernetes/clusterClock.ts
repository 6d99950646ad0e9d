/**
 * Times of the cluster in terms of this machine's clock, by the Date header of the API server's answers: an operator's laptop
 * that is a minute off would take a pod for stable that has just become Ready.
 */
export class ClusterClock {
    private ahead = 0;

    public constructor(private readonly now: () => number = Date.now) {}

    /** The header has whole seconds, and its way here takes time: a difference within that is none. */
    public heard(date: string | undefined): void {
        const difference = date === undefined ? NaN : Date.parse(date) + 500 - this.now();
        if (!Number.isNaN(difference)) {
            this.ahead = Math.abs(difference) <= 2000 ? 0 : difference;
        }
    }

    /** When it was here, in milliseconds since the epoch. */
    public here(time: Date): number {
        return time.getTime() - this.ahead;
    }
}
