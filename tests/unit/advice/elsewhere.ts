/** Codes whose advice a test on the local EKS follows, and those whose advice no test follows. */

export interface OnTheLocalEks {
    /** The file of the test. */
    readonly file: string;
    /** A part of the test's title, or the name of the scenario. */
    readonly title: string;
}

/** Codes that the model of tests/model cannot produce. Those of Pod Identity have a model of their own. */
export const ON_THE_LOCAL_EKS: Readonly<Record<string, OnTheLocalEks>> = {
    "former-role-carried": {
        file: "tests/continuity/scenarios/turningOff.ts",
        title: "live-checks-off-with-another-role",
    },
    "own-role-as-existing": { file: "tests/continuity/scenarios/changes.ts", title: "own-role-as-existing" },
    "hand-over-unfinished": { file: "tests/continuity/scenarios/options.ts", title: "target-of-single-children" },
    "role-not-approved": { file: "tests/continuity/scenarios/options.ts", title: "exclude-of-the-guard" },
    "turning-off-interrupted": {
        file: "tests/continuity/scenarios/turningOff.ts",
        title: "live-checks-off-killed-and-again",
    },
    "pods-do-not-work": { file: "tests/continuity/scenarios/drift.ts", title: "repair-fails-under-the-guard" },
    "former-credentials-fail": { file: "tests/continuity/scenarios/rollout.ts", title: "node-role-denied" },
    "role-still-carried": { file: "tests/continuity/scenarios/records.ts", title: "second-daemon-set" },
    "association-missing": {
        file: "tests/unit/handover/run/podIdentity.model.test.ts",
        title: "creates a lost association again, and restarts every pod",
    },
    "pod-identity-agent": {
        file: "tests/unit/handover/run/podIdentity.model.test.ts",
        title: "goes on when the agent is there",
    },
    "association-differs": {
        file: "tests/unit/handover/run/podIdentity.model.test.ts",
        title: "changes an association of another role back, and restarts every pod",
    },
    "delivery-not-changed": {
        file: "tests/unit/handover/run/podIdentity.model.test.ts",
        title: "refuses to move to another writer, and names the way over the annotation",
    },
    "service-account-in-use": { file: "tests/continuity/scenarios/records.ts", title: "service-account-changed" },
};

/** At most ten codes, each with the reason why its advice cannot be played. */
export const NOT_PLAYED: Readonly<Record<string, string>> = {
    "cluster-name-unknown":
        "The model's program names the cluster. The advice sets the argument clusterName, which moves nothing.",
};
