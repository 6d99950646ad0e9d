// Stryker's settings (https://stryker-mutator.io/docs/stryker-js/configuration/) for the part of the package that
// MUTATION_PART names. Each part must reach the threshold by itself, with its own tests.
"use strict";

const PARTS = {
    documents: {
        mutate: ["documents/*.ts"],
        spec: ["tests/unit/documents/*.test.ts"],
    },
    arguments: {
        mutate: ["components/arguments/*.ts"],
        // Without table.test.ts, which repeats the rows of the rules with whole components under Pulumi's mocks.
        spec: ["tests/unit/components/arguments/!(table).test.ts"],
    },
    decisions: {
        mutate: [
            "handover/{model,decide}/*.ts",
            "handover/observe/{tokenIssuer,clusterName,otherDeliveryLook,seeingAddOn}.ts",
            "handover/kubernetes/clustersInKubeconfig.ts",
        ],
        // transientRetry.test.ts covers the memory of a run, which is part of model/steps.ts.
        spec: [
            "tests/unit/handover/{model,decide}/*.test.ts",
            "tests/unit/handover/observe/tokenIssuer.test.ts",
            "tests/unit/handover/observe/clusterName.test.ts",
            "tests/unit/handover/observe/otherDeliveryLook.test.ts",
            "tests/unit/handover/observe/seeingAddOn.test.ts",
            "tests/unit/handover/kubernetes/clustersInKubeconfig.test.ts",
            "tests/unit/handover/run/transientRetry.test.ts",
        ],
    },
    runs: {
        mutate: ["handover/run/*.ts", "handover/hooks/*.ts", "handover/engine/runNotes.ts"],
        // Without the random histories on the model, and cancelled.test.ts, which starts the plugin.
        spec: [
            "tests/unit/handover/run/!(cancelled|model*).test.ts",
            "tests/unit/handover/hooks/*.test.ts",
            "tests/unit/handover/engine/runNotes.test.ts",
        ],
    },
    preview: {
        mutate: ["handover/preview/*.ts"],
        // Without plan.model.test.ts, which compares plans with random histories on the model.
        spec: ["tests/unit/handover/preview/!(plan.model).test.ts"],
    },
    component: {
        mutate: [
            "components/delivery/{fieldManager,formerFieldManagers,withoutLiveChecks}.ts",
            "components/live/{canaryLeftOut,guardLeftOut,handOverLeftOut}.ts",
            "components/role/replacementTriggers.ts",
        ],
        spec: [
            "tests/unit/components/delivery/fieldManager.test.ts",
            "tests/unit/components/delivery/formerFieldManagers.test.ts",
            "tests/unit/components/delivery/withoutLiveChecks.test.ts",
            "tests/unit/components/live/canaryLeftOut.test.ts",
            "tests/unit/components/live/guardLeftOut.test.ts",
            "tests/unit/components/live/handOverLeftOut.test.ts",
            "tests/unit/components/role/replacementTriggers.test.ts",
        ],
    },
    // What the adapters make of answers and errors. tests/adapters has the calls themselves.
    adapters: {
        mutate: [
            "handover/aws/{addOn,awsErrors,callerCredentials,clusterMembership,dryRuns,grantedByPolicies,instances,lastUsedRegions}.ts",
            "handover/aws/{missingGrants,perimeter,policyReader,proofVerdict,refusedTrust,regionSearch,rolePolicies}.ts",
            "handover/aws/{serviceControlPolicy,settingGap,simulation,stsRegion}.ts",
            "handover/aws/{agentRights,associations,eksAuthClient,passRole,podIdentityProof,podSession,trustPolicyOf}.ts",
            "handover/kubernetes/agentProxy.ts",
            "handover/kubernetes/{ambientUser,authentication,bearerTokens,clusterClock,clusterErrors,commands}.ts",
            "handover/kubernetes/{daemonSet,defaultPods,events}.ts",
            "handover/kubernetes/{injectionGuard,kubeconfig,nodes,otherCarriers,paging,pods,reachability,scheduling}.ts",
            "handover/kubernetes/{serviceAccount,unreadableKubeconfig}.ts",
        ],
        spec: [
            ...[
                "addOn",
                "awsClients",
                "awsErrors",
                "callerCredentials",
                "clusterMembership",
                "dataPerimeter",
                "dryRuns",
                "eksAuthClient",
                "instances",
                "lastUsedRegions",
                "missingGrants",
                "nodeRoles",
                "podIdentity",
                "podSession",
                "policyReader",
                "proofNode",
                "proofVerdict",
                "refusals",
                "regionSearch",
                "roleProof",
                "serviceControlPolicy",
                "settingGap",
                "simulation",
            ].map((name) => `tests/unit/handover/aws/${name}.test.ts`),
            ...[
                "agentProxy",
                "authentication",
                "bearerTokens",
                "clusterErrors",
                "commands",
                "defaultPods",
                "kubeconfig",
                "lookAtCluster",
                "lookAtCluster.lists",
                "objects",
                "objects.edges",
                "otherCarriers",
                "paging",
                "reachability",
                "rights",
                "scheduling",
                "storedKubeconfig",
                "unreadableKubeconfig",
                "writes",
            ].map((name) => `tests/unit/handover/kubernetes/${name}.test.ts`),
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
    // Long enough that a busy machine is not taken for an endless loop.
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
