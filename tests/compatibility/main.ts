import * as assert from "assert";
import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import * as semver from "semver";
import { dependencies, peerDependencies } from "../../package.json";
import { pack } from "../../release/pack";
import { EXPECTED, PROGRAM } from "./program";

const ROOT = path.resolve(__dirname, "../..");
const NODES = ["20", "22"];
const SHOWN = ["@pulumi/pulumi", "@pulumi/aws", "@pulumi/kubernetes"];
const RANGES: Record<string, string> = { ...dependencies, ...peerDependencies };

type Ends = "lowest" | "highest";

interface Row {
    readonly node: string;
    readonly ends: Ends;
    readonly versions: Record<string, string>;
    readonly failure?: string;
}

/** Runs a command with the Node.js of the npm package `node`. npm itself then also runs on this Node.js. */
function withNode(node: string, folder: string, ...command: string[]): string {
    const args = ["exec", "--yes", "--loglevel=error", `--package=node@${node}`, "--", ...command];
    const environment = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
    return execFileSync("npm", args, {
        cwd: folder,
        encoding: "utf8",
        env: environment,
        stdio: ["ignore", "pipe", "pipe"],
    });
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
    say(`| Node.js | range | ${SHOWN.map((name) => `\`${name}\``).join(" | ")} | result |`);
    say(`| --- | --- | ${SHOWN.map(() => "---").join(" | ")} | --- |`);
    for (const node of NODES) {
        for (const ends of ["lowest", "highest"] as const) {
            const row = tryInstallation(tarball, node, ends);
            const versions = SHOWN.map((name) => row.versions[name] ?? "");
            say(`| ${[row.node, ends, ...versions, row.failure === undefined ? "works" : "FAILS"].join(" | ")} |`);
            if (row.failure !== undefined) {
                say(row.failure);
                process.exitCode = 1;
            }
        }
    }
    fs.rmSync(folder, { recursive: true });
}

function say(line: string): void {
    process.stdout.write(`${line}\n`);
}

main();
