/** The result of the last update. */
export interface LeftBehind {
    readonly detachedFrom: readonly string[];
    readonly remainingSteps: readonly string[];
}

/** The detachment before an update of it. */
export interface FormerDetachment extends LeftBehind {
    /** The clusters that the program named as handed over. Missing if it named none. */
    readonly handedOverClusterArns?: readonly string[];
    /** Whether the update gives the service account another role. */
    readonly isAnotherRole: boolean;
}
