import { deepStrictEqual, strictEqual } from "assert";
import { execFileSync } from "child_process";
import { readFileSync } from "fs";
import { join } from "path";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { compare, type Difference, type Packages } from "../compatibility/freshInstall";
import { EXPECTED, PROGRAM } from "../compatibility/program";

const ROOT = join(__dirname, "../..");

/** The entry points, from the sources and not from a package. */
const SOURCES = {
    "eks-cni": "./index.ts",
    "eks-cni/handover": "./handover/index.ts",
    "eks-cni/policies": "./policies/rules.ts",
};

/** `npm run test:compatibility` takes minutes and is no part of the gate, so what it expects is checked here. */
describe("the program of the compatibility table", () => {
    it("prints what the table expects, with the sources of this package", () => {
        const program = Object.entries(SOURCES).reduce(
            (text, [entry, file]) => text.replace(`"${entry}"`, `"${file}"`),
            PROGRAM,
        );
        const { outputText } = transpileModule(program, {
            compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 },
        });
        const printed = execFileSync(
            process.execPath,
            ["--require", "ts-node/register/transpile-only", "--eval", outputText],
            {
                cwd: ROOT,
                encoding: "utf8",
                stdio: ["ignore", "pipe", "pipe"],
            },
        );
        deepStrictEqual(JSON.parse(printed.trim().split("\n").at(-1) ?? ""), EXPECTED);
    });
});

describe("what npm installs today, and the lockfile lacks", () => {
    const page = `
| Node.js | \`@pulumi/pulumi\` | \`@pulumi/kubernetes\` |
| ------- | ---------------- | -------------------- |
| v22     | 3.248.0          | 4.34.2               |
`;
    const eksCni = {
        version: "0.1.0",
        dependencies: { "@pulumi/kubernetes": "^4" },
        peerDependencies: { "@pulumi/pulumi": "^3" },
    };
    const lockfile: Packages = {
        "": { version: "0.1.0" },
        "node_modules/eks-cni": {},
        "node_modules/@pulumi/kubernetes": { version: "4.25.0" },
        "node_modules/@pulumi/pulumi": { version: "3.248.0" },
        "node_modules/glob": { version: "10.5.0" },
    };
    const installed: Packages = { ...lockfile, "": {}, "node_modules/eks-cni": eksCni };
    const rows: [string, Packages, Difference][] = [
        ["nothing", {}, { summary: "nothing", others: [] }],
        [
            "a version of which the table says that it ran under mocks",
            { "node_modules/@pulumi/kubernetes": { version: "4.34.2" } },
            { summary: "@pulumi/kubernetes 4.34.2 (lockfile: 4.25.0; mocks only)", others: [] },
        ],
        [
            "a version that the table has for another package only",
            { "node_modules/@pulumi/pulumi": { version: "4.34.2" } },
            { summary: "@pulumi/pulumi 4.34.2 (lockfile: 3.248.0; no suite has run it)", others: [] },
        ],
        [
            "packages of other packages, each version once",
            {
                "node_modules/glob": { version: "12.0.0" },
                "node_modules/@pulumi/kubernetes/node_modules/glob": { version: "12.0.0" },
            },
            { summary: "1 other package", others: ["glob 12.0.0"] },
        ],
        [
            "all of these, but no version that the lockfile has in another folder",
            {
                "node_modules/@pulumi/kubernetes": { version: "4.35.0" },
                "node_modules/@pulumi/kubernetes/node_modules/glob": { version: "10.5.0" },
                "node_modules/glob": { version: "13.0.7" },
                "node_modules/minimatch": { version: "10.0.0" },
            },
            {
                summary: "@pulumi/kubernetes 4.35.0 (lockfile: 4.25.0; no suite has run it), 2 other packages",
                others: ["glob 13.0.7", "minimatch 10.0.0"],
            },
        ],
    ];
    for (const [what, changes, expected] of rows) {
        it(`is named: ${what}`, () => {
            deepStrictEqual(compare({ ...installed, ...changes }, lockfile, page), expected);
        });
    }

    it("is compared with the table of the page, whose columns are the packages", () => {
        const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
        const { packages } = JSON.parse(read("package-lock.json")) as { packages: Packages };
        const own = { "node_modules/eks-cni": { ...eksCni, version: "1.0.0" } };
        const tried = { "node_modules/@pulumi/kubernetes": { version: "4.34.2" } };
        const { summary } = compare({ ...own, ...tried }, packages, read("docs/compatibility.md"));
        const locked = packages["node_modules/@pulumi/kubernetes"]?.version ?? "";
        strictEqual(summary, `@pulumi/kubernetes 4.34.2 (lockfile: ${locked}; mocks only)`);
    });
});
