import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "fs";
import { tmpdir } from "os";
import { join, resolve } from "path";
import { pack } from "../../release/pack";
import { compare, type Packages } from "./freshInstall";
import { NODES, withNode } from "./nodes";

const ROOT = resolve(__dirname, "../..");
const INSTALL = ["--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/** `npm run fresh`: prints what `npm install eks-cni` installs today in an empty folder, and the lockfile lacks. `--all` lists it in full. */
function main(args: readonly string[]): void {
    const folder = mkdtempSync(join(tmpdir(), "eks-cni-fresh-"));
    try {
        const { tarball } = pack(ROOT, folder);
        const page = readFileSync(join(ROOT, "docs/compatibility.md"), "utf8");
        const differences = NODES.map((node) => {
            const installation = join(folder, node);
            mkdirSync(installation);
            writeFileSync(join(installation, "package.json"), '{ "private": true }');
            withNode(node, installation, "npm", "install", tarball, ...INSTALL);
            return { node, ...compare(packagesIn(installation), packagesIn(ROOT), page) };
        });
        const summary = differences.map(({ node, summary }) => `on Node.js ${node}: ${summary}`).join("; ");
        const all = differences.flatMap(({ node, others }) => others.map((other) => `Node.js ${node}: ${other}`));
        const lines = [
            `npm install eks-cni brings what the lockfile lacks, ${summary}.`,
            ...(args.includes("--all") ? all : []),
        ];
        process.stdout.write(`${lines.join("\n")}\n`);
    } finally {
        rmSync(folder, { recursive: true });
    }
}

function packagesIn(folder: string): Packages {
    return (JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as { packages: Packages }).packages;
}

main(process.argv.slice(2));
