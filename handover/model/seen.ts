/**
 * The evidence of a run's looks so far. On a fleet that never stands still there may be no moment at which every node is Ready and every
 * pod works. So a pod, and a place, counts once a look has shown that it works.
 */
export interface Seen {
    /** The nodes of the first look. A name may be used again, so these are instance IDs. */
    readonly firstNodes: ReadonlySet<string>;
    /** The places of these nodes. */
    readonly firstPlaces: ReadonlySet<string>;
    /** The nodes on which a pod was Ready. */
    readonly served: ReadonlySet<string>;
    /** The UIDs of the pods in the first look with the injection guard in force. Undefined before it. Each later pod was admitted by the guard. */
    readonly beforeGuard: ReadonlySet<string> | undefined;
    /** The UIDs of the pods that were Ready with the role. */
    readonly ready: ReadonlySet<string>;
    /** The UIDs of those that were Ready with it for long enough. */
    readonly worked: ReadonlySet<string>;
    /** The places in which a pod was Ready with the role. */
    readonly readyIn: ReadonlySet<string>;
    /** The places in which one was Ready with it for long enough. */
    readonly workedIn: ReadonlySet<string>;
}
