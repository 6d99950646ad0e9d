import type { HandOverRecord } from "./record";

/** The credential guard before an update of it. */
export interface FormerHandOver {
    readonly record: HandOverRecord;
    /** The policies that the role gets and loses in the update. */
    readonly policiesAdded: readonly string[];
    readonly policiesRemoved: readonly string[];
    /** The clusters that the program named as handed over. Missing if it named none. */
    readonly handedOverClusterArns?: readonly string[];
}
