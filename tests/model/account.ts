/** The node roles of an account, and the clusters that use them. Their time passes together. */
import type { History } from "./history";

/** A cluster of the account. */
interface Member {
    now: number;
    tick(): void;
}

export class ModelAccount<T extends Member = Member> {
    /** Whether each node role holds the CNI policy. */
    public readonly attachments = new Map<string, History<boolean>>();
    public readonly clusters: T[] = [];

    public pass(milliseconds: number): void {
        this.clusters.forEach((cluster) => (cluster.now += milliseconds));
        this.clusters.forEach((cluster) => cluster.tick());
    }
}
