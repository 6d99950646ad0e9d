/** Codes whose advice a test on the local EKS follows, and those whose advice no test follows. */

export interface OnTheLocalEks {
    /** The file of the test. */
    readonly file: string;
    /** A part of the test's title, or the name of the scenario. */
    readonly title: string;
}

/** Codes that the model cannot produce. */
export const ON_THE_LOCAL_EKS: Readonly<Record<string, OnTheLocalEks>> = {};

/** At most ten codes, each with the reason why its advice cannot be played. */
export const NOT_PLAYED: Readonly<Record<string, string>> = {};
