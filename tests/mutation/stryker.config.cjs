// Settings of Stryker (https://stryker-mutator.io/docs/stryker-js/configuration/) for the part of the package that
// MUTATION_PART names. Each part has to reach the mark by itself, and by the tests that are about it.
"use strict";

const PARTS = {
    documents: {
        mutate: ["documents/*.ts"],
        spec: ["tests/unit/documents/*.test.ts"],
    },
    arguments: {
        mutate: ["components/arguments/*.ts"],
        // Not the table under Pulumi's mocks, which plays the rows of the rules once more with whole components.
        spec: ["tests/unit/components/arguments/!(table).test.ts"],
    },
    decisions: {
        mutate: ["handover/{model,decide}/*.ts", "handover/observe/tokenIssuer.ts"],
        // The loop's patience is what is asked of a run's memory, which steps.ts keeps.
        spec: [
            "tests/unit/handover/{model,decide}/*.test.ts",
            "tests/unit/handover/{observe/tokenIssuer,run/patience}.test.ts",
        ],
    },
};

const part = process.env.MUTATION_PART ?? "documents";
const { mutate, spec } = PARTS[part];

module.exports = {
    mutate,
    ignorePatterns: [
        "/dist",
        "/docs",
        "/examples",
        "/policies",
        "/sandbox",
        "/reports",
        "/tests/{adapters,demo,e2e,package,policies}",
    ],
    buildCommand: "tsc -p tests/mutation/tsconfig.json",
    testRunner: "mocha",
    mochaOptions: { config: "tests/mutation/.mocharc.json", spec },
    coverageAnalysis: "perTest",
    concurrency: 2,
    // A busy machine is no endless loop.
    timeoutMS: 20_000,
    disableTypeChecks: false,
    tempDirName: `reports/mutation/${part}.tmp`,
    incremental: true,
    incrementalFile: `reports/mutation/${part}.incremental.json`,
    jsonReporter: { fileName: `reports/mutation/${part}.json` },
    htmlReporter: { fileName: `reports/mutation/${part}.html` },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    reporters: ["progress-append-only", "clear-text", "html", "json"],
    warnings: { slow: false },
    thresholds: { high: 95, low: 90, break: 90 },
};
