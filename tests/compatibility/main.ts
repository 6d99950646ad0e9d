import * as assert from "assert";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as semver from "semver";
import { dependencies, peerDependencies } from "../../package.json";
import { packages } from "../../package-lock.json";
import { pack } from "../../release/pack";
import type { Packages } from "./freshInstall";
import { NODES, SUITES_NODE, withNode } from "./nodes";
import { EXPECTED, PROGRAM } from "./program";

const ROOT = path.resolve(__dirname, "../..");
const SHOWN = ["@pulumi/pulumi", "@pulumi/aws", "@pulumi/kubernetes"];
const RANGES: Record<string, string> = { ...dependencies, ...peerDependencies };

type Ends = "lowest" | "highest";

interface Row {
    readonly node: string;
    readonly ends: Ends;
    readonly versions: Record<string, string>;
    readonly failure?: string;
}

/** Lowest: exactly the minimum version of each range. Highest: the version that npm selects for this Node.js. */
function manifest(tarball: string, ends: Ends): object {
    const exact = Object.entries(RANGES).map(([name, range]) => [name, semver.minVersion(range)?.version] as const);
    const lowest = ends === "lowest" ? Object.fromEntries(exact) : {};
    return {
        private: true,
        dependencies: {
            "@pulumi/pulumi": RANGES["@pulumi/pulumi"],
            "@pulumi/aws": "7",
            "@pulumi/kubernetes": "4",
            ...lowest,
            "eks-cni": `file:${tarball}`,
        },
        devDependencies: { typescript: "5.9", "@types/node": "20" },
    };
}

function tryInstallation(tarball: string, node: string, ends: Ends): Row {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `eks-cni-${ends}-`));
    const version = (name: string) =>
        (
            JSON.parse(fs.readFileSync(path.join(folder, "node_modules", name, "package.json"), "utf8")) as {
                version: string;
            }
        ).version;
    try {
        fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest(tarball, ends)));
        fs.writeFileSync(path.join(folder, "program.ts"), PROGRAM);
        const exact = withNode(node, folder, "node", "--version").trim();
        withNode(node, folder, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error");
        const versions = Object.fromEntries(SHOWN.map((name) => [name, version(name)]));
        const row = { node: exact, ends, versions };
        try {
            const compile = ["tsc", "--strict", "--target", "es2022", "--module", "commonjs", "--skipLibCheck"];
            withNode(node, folder, "npx", ...compile, "program.ts");
            const printed = withNode(node, folder, "node", "program.js");
            assert.deepStrictEqual(JSON.parse(printed.trim().split("\n").at(-1) ?? ""), EXPECTED);
            const copies = withNode(node, folder, "npm", "ls", "@pulumi/pulumi", "--all", "--parseable")
                .trim()
                .split("\n");
            assert.strictEqual(new Set(copies).size, 1, "more than one @pulumi/pulumi");
            return row;
        } catch (error) {
            return { ...row, failure: error instanceof Error ? error.message : String(error) };
        }
    } finally {
        fs.rmSync(folder, { recursive: true, force: true });
    }
}

/** Prints the table of docs/compatibility.md. */
function main(): void {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "eks-cni-tarball-"));
    const { tarball } = pack(ROOT, folder);
    say(`| Node.js | range | ${SHOWN.map((name) => `\`${name}\``).join(" | ")} | under mocks | real engine |`);
    say(`| --- | --- | ${SHOWN.map(() => "---").join(" | ")} | --- | --- |`);
    for (const node of NODES) {
        for (const ends of ["lowest", "highest"] as const) {
            const row = tryInstallation(tarball, node, ends);
            const versions = SHOWN.map((name) => row.versions[name] ?? "");
            const result = row.failure === undefined ? "works" : "FAILS";
            say(
                `| ${[row.node, ends, ...versions, result, isLocked(row) ? "all suites" : "mocks only"].join(" | ")} |`,
            );
            if (row.failure !== undefined) {
                say(row.failure);
                process.exitCode = 1;
            }
        }
    }
    fs.rmSync(folder, { recursive: true });
}

/** Whether the suites run these versions with the real engine: those of the lockfile, on this Node.js. */
function isLocked({ node, versions }: Row): boolean {
    const locked = packages as Packages;
    return (
        node.startsWith(`v${SUITES_NODE}.`) &&
        SHOWN.every((name) => locked[`node_modules/${name}`]?.version === versions[name])
    );
}

function say(line: string): void {
    process.stdout.write(`${line}\n`);
}

main();
