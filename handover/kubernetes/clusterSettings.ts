/** How long the cluster is waited for, and how much of it is read at a time. */
export interface ClusterSettings {
    /** For one attempt of a request, its answer read to the end. The client knows no limit of its own. */
    readonly attemptMilliseconds: number;
    /** For a request with all its attempts. */
    readonly totalMilliseconds: number;
    /** The first pause between two attempts; it doubles from one to the next. */
    readonly pauseMilliseconds: number;
    /** Objects in one page of a LIST: what kubectl asks for. */
    readonly pageSize: number;
    /** How long a change is followed by others that belong to it. */
    readonly settleMilliseconds: number;
}

/** Of a caller who does without the answer rather than wait for it. */
export const IMPATIENT_SETTINGS: ClusterSettings = {
    attemptMilliseconds: 10_000,
    totalMilliseconds: 5_000,
    pauseMilliseconds: 250,
    pageSize: 500,
    settleMilliseconds: 200,
};

export const DEFAULT_SETTINGS: ClusterSettings = {
    attemptMilliseconds: 15_000,
    totalMilliseconds: 60_000,
    pauseMilliseconds: 250,
    pageSize: 500,
    settleMilliseconds: 200,
};
