import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

/** An import by a path into the sandbox, from elsewhere. */
const SANDBOX_BY_PATH = {
    regex: "^\\.{1,2}/(?:.*/)?sandbox(?:/|$)",
    message: "Import the sandbox by its name, local-eks.",
};

function noImport(...patterns) {
    return { "no-restricted-imports": ["error", { patterns }] };
}

export default tseslint.config(
    { ignores: ["dist/", "node_modules/", "reports/", "examples/*/node_modules/", "**/*.cjs", "**/*.mjs"] },
    eslint.configs.recommended,
    ...tseslint.configs.strictTypeChecked,
    {
        // One program for all files. A project service opens them one by one, as an editor does, and takes three times as long.
        languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
        rules: {
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
            "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
            "no-console": "error",
        },
    },
    {
        // What people run by hand prints to the terminal; a library never does.
        files: ["sandbox/cli.ts", "sandbox/**/main.ts", "tests/demo/demo.ts"],
        rules: { "no-console": "off" },
    },
    // The sandbox is a package of its own: a file in the n-th folder below it must not go up by more than n.
    ...[0, 1, 2, 3, 4].map((depth) => ({
        files: [`sandbox/${"*/".repeat(depth)}*.ts`],
        rules: noImport({
            regex: `^(?:\\.\\./){${depth + 1}}|^(?:eks-cni|local-eks)(?:/|$)`,
            message: "The sandbox imports nothing of this repository but its own files.",
        }),
    })),
    {
        ignores: ["sandbox/**"],
        rules: noImport(SANDBOX_BY_PATH, {
            regex: "^local-eks/(?!(?:cli|iam|kubernetes|providerClient)$)",
            message: "Import one of the entries that sandbox/package.json exports.",
        }),
    },
    {
        files: ["index.ts", "{components,documents,handover,plugin,policies}/**/*.ts"],
        rules: noImport(SANDBOX_BY_PATH, {
            regex: "^local-eks(?:/|$)",
            message: "The sandbox is for tests, and is not published.",
        }),
    },
    {
        // It would not find the package's mistakes if it read the cluster with the package's own code.
        files: ["tests/continuity/monitor/**/*.ts"],
        rules: noImport(SANDBOX_BY_PATH, {
            regex: "^(?:\\.\\./)+(?:components|documents|handover|plugin|policies|index)(?:/|$)|^eks-cni(?:/|$)",
            message: "The monitor is independent of the package.",
        }),
    },
    {
        // The Kubernetes client's models are classes of which only the shape matters: its own examples pass object literals.
        files: ["handover/kubernetes/**/*.ts", "sandbox/**/*.ts", "tests/**/*.ts"],
        rules: { "@typescript-eslint/no-unsafe-class-instance-assignment": "off" },
    },
    {
        // Loading the provider SDKs late is what keeps importing the package cheap; `import()` would make constructors async.
        files: ["components/providerSdks.ts"],
        rules: { "@typescript-eslint/no-require-imports": "off" },
    },
    {
        // A resource registers itself with the engine: `new` for its effect is Pulumi's idiom.
        files: ["components/**/*.ts", "examples/**/*.ts", "tests/**/*.ts"],
        rules: { "no-new": "off" },
    },
);
