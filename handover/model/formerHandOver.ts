import type { HandOverRecord } from "./record";
import type { Subject } from "./subject";

/** The credential guard before an update of it. */
export interface FormerHandOver {
    readonly record: HandOverRecord;
    /** The subject of the last update. Missing if the preview does not know it. */
    readonly subject?: Subject;
    /** The policies that the role gets and loses in the update. */
    readonly policiesAdded: readonly string[];
    readonly policiesRemoved: readonly string[];
    /** The clusters that the program named as handed over. Missing if it named none. */
    readonly handedOverClusterArns?: readonly string[];
}
