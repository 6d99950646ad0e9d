/** Limits of the requests to the cluster, and how much each reads. */
export interface ClusterSettings {
    /** The limit of one attempt, until its response has been read completely. The client has no limit of its own. */
    readonly attemptMilliseconds: number;
    /** How long a failed request is retried. The last attempt may begin right before the end, and take its own limit. */
    readonly retryMilliseconds: number;
    /** How long a request fails before the run shows that it tries again. */
    readonly quietMilliseconds: number;
    /** The limit of the kubeconfig's credential command. */
    readonly credentialsMilliseconds: number;
    /** The first pause between two attempts. Each pause is twice as long as the one before it. */
    readonly pauseMilliseconds: number;
    /** The number of objects in one page of a LIST: the same as kubectl's. */
    readonly pageSize: number;
    /** How long a watch waits for further changes after the first one, so that one look sees them all. */
    readonly burstMilliseconds: number;
}

/** For an update: an API server that restarts must not end it. */
export const DEFAULT_SETTINGS: ClusterSettings = {
    attemptMilliseconds: 15_000,
    retryMilliseconds: 60_000,
    quietMilliseconds: 1500,
    credentialsMilliseconds: 60_000,
    pauseMilliseconds: 250,
    pageSize: 500,
    burstMilliseconds: 200,
};

/** For a preview, which shows no plan rather than wait for long. */
export const IMPATIENT_SETTINGS: ClusterSettings = {
    ...DEFAULT_SETTINGS,
    attemptMilliseconds: 10_000,
    retryMilliseconds: 5_000,
    credentialsMilliseconds: 10_000,
};
