import { execFileSync, spawnSync } from "child_process";
import { mkdtempSync, readFileSync, rmSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";
import { makeSchema } from "../plugin/makeSchema";
import type { Facts } from "./checks";
import { pack } from "./pack";

/** Reads the inputs of the checks from a clone of the repository. */
export async function factsOf(root: string): Promise<Facts> {
    const read = (file: string) => readFileSync(join(root, file), "utf8");
    const versionIn = (file: string) => (JSON.parse(read(file)) as { version?: string }).version;
    const git = (...args: string[]) => linesOf(execFileSync("git", args, { cwd: root, encoding: "utf8" }));
    return {
        version: versionIn("package.json") ?? "",
        otherVersions: {
            "package-lock.json": versionIn("package-lock.json"),
            "plugin/schema.json": versionIn("plugin/schema.json"),
            "policies/package.json": versionIn("policies/package.json"),
            "policies/PulumiPolicy.yaml": /^version: (\S+)$/m.exec(read("policies/PulumiPolicy.yaml"))?.[1],
        },
        tags: git("tag", "--list"),
        uncommitted: git("status", "--porcelain"),
        schema: {
            committed: read("plugin/schema.json"),
            made: await makeSchema(),
            released: read("release/released-schema.json"),
        },
        changelog: read("CHANGELOG.md"),
        tarball: tarballOf(root),
    };
}

/** Packs the tarball that would be published, and runs the package checkers on it. */
function tarballOf(root: string): Facts["tarball"] {
    const folder = mkdtempSync(join(tmpdir(), "eks-cni-release-"));
    try {
        const { tarball, files } = pack(root, folder);
        const findings = [
            findingOf(root, "publint", "run", tarball, "--strict"),
            findingOf(root, "attw", tarball, "--profile", "node16"),
        ].filter((finding) => finding !== undefined);
        return { findings, files };
    } finally {
        rmSync(folder, { recursive: true });
    }
}

function findingOf(root: string, checker: string, ...args: string[]): string | undefined {
    const { status, stdout, stderr } = spawnSync(join(root, "node_modules/.bin", checker), args, { encoding: "utf8" });
    return status === 0 ? undefined : `${checker} found problems:\n${stdout}${stderr}`;
}

function linesOf(text: string): string[] {
    return text.split("\n").filter((line) => line !== "");
}
