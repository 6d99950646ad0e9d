// Which folder may import which: imports point downwards only, type-only imports included, and there are no cycles.
// https://github.com/sverweij/dependency-cruiser/blob/main/doc/rules-reference.md
"use strict";

/** The folders that each folder of handover/ may import, apart from itself. */
const HANDOVER = {
    async: [],
    model: [],
    decide: ["model"],
    aws: ["async", "model"],
    kubernetes: ["async", "model"],
    observe: ["model", "aws", "kubernetes"],
    preview: ["async", "model", "decide", "observe"],
    hooks: ["model", "decide", "aws", "observe", "run"],
    run: ["model", "decide", "observe"],
    engine: ["model", "observe", "run"],
};

/** The same for components/. Its root holds the component, its arguments, and what all of them share. */
const COMPONENTS = {
    arguments: [],
    failures: [],
    role: ["arguments", "failures"],
    delivery: ["arguments", "failures", "role"],
    live: ["arguments", "failures", "role", "delivery"],
};

const within = (root, layers) =>
    Object.entries(layers).map(([folder, allowed]) => ({
        name: `${root}-${folder}`,
        comment: `${root}/${folder} may import ${["itself", ...allowed.map((name) => `${root}/${name}`)].join(", ")}`,
        severity: "error",
        from: { path: `^${root}/${folder}/` },
        to: { path: `^${root}/[^/]+/`, pathNot: `^${root}/(${[folder, ...allowed].join("|")})/` },
    }));

const layer = (name, from, to, except) => ({
    name,
    severity: "error",
    from: { path: from },
    to: { path: to, ...(except && { pathNot: except }) },
});

module.exports = {
    forbidden: [
        { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
        ...within("handover", HANDOVER),
        ...within("components", COMPONENTS),
        layer(
            "documents-import-nothing-above",
            "^documents/",
            "^(?!documents/)(components|handover|policies|plugin|index)",
        ),
        layer("handover-imports-documents-alone", "^handover/", "^(components|policies|plugin|index)"),
        // The component's parts know the hand-over's data, leave it notes, and load its preview, its hooks and their check when they need them.
        layer(
            "components-import-the-model-alone",
            "^components/",
            "^handover/",
            "^handover/(model|run|decide/narrowing|preview/(previewDrift|previewFreeing|previewHandOver)|hooks/|engine/runNotes)",
        ),
        {
            name: "components-load-the-live-resources-late",
            comment: "Importing the package must cost almost nothing: the engine's process runs these resources.",
            severity: "error",
            from: { path: "^components/" },
            to: { path: "^handover/run/", dependencyTypesNot: ["type-only"] },
        },
        layer("components-import-nothing-above", "^components/", "^(policies|plugin|index)"),
        layer("policies-import-documents-alone", "^policies/", "^(components|handover|plugin|index)"),
        {
            name: "one-module-for-each-bundled-client",
            comment:
                "The package is published with what these modules export of the AWS SDK and the Kubernetes client.",
            severity: "error",
            from: {
                path: "^(components|documents|handover|plugin|policies|index)",
                pathNot: "^handover/(aws/awsSdk|kubernetes/clientNode)\\.ts$",
            },
            to: { path: "node_modules/(@aws-sdk|@smithy|@kubernetes)/", dependencyTypesNot: ["type-only"] },
        },
        // What users install: https://www.gnu.org/licenses/agpl-3.0.html asks more of them than this package does.
        layer(
            "no-tests-in-the-package",
            "^(components|documents|handover|plugin|policies|index)",
            "^(sandbox|tests|release|examples)/",
        ),
    ],
    options: {
        doNotFollow: { path: "node_modules" },
        tsPreCompilationDeps: true,
        tsConfig: { fileName: "tsconfig.json" },
        enhancedResolveOptions: { extensions: [".ts", ".js", ".json"] },
    },
};
