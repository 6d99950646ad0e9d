/** A policy that another owner attaches to node roles for a while. The component gives it back only if an update has recorded it. */
import { ACCOUNT } from "./cniRole";

export const LENT_POLICY = `arn:aws:iam::${ACCOUNT}:policy/for-a-while`;

/** A policy that a customer made, with some of the CNI's actions and no others. */
export const CUSTOMER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/customer`;

export class LentPolicies {
    private readonly holders = new Set<string>();
    private readonly seenByUpdate = new Set<string>();
    /** Whether an update runs: only an update records. */
    public updating = false;

    public lend(role: string): void {
        this.holders.add(role);
    }

    public takeBack(role: string): void {
        this.holders.delete(role);
    }

    public isHeldBy(role: string): boolean {
        return this.holders.has(role);
    }

    public mayBeGivenBack(role: string): boolean {
        return this.seenByUpdate.has(role);
    }

    public tick(): void {
        if (this.updating) {
            this.holders.forEach((role) => this.seenByUpdate.add(role));
        }
    }
}
