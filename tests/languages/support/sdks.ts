import { execFile } from "child_process";
import { mkdirSync, mkdtempSync, rmSync } from "fs";
import { devNull, tmpdir } from "os";
import { join } from "path";
import { promisify } from "util";
import type { LanguageToolPaths } from "local-eks";
import { ROOT } from "../../unit/support/markdown";
import { go, type Language } from "./languages";
import { documentedProgram, writeProgram } from "./programs";

const run = promisify(execFile);

/** Below the program's folder; Python looks for it there (PYTHONPATH). */
export function pythonPackages(workDir: string): string {
    return join(workDir, "packages");
}

export async function makeSdk(generator: string, language: string, schema: string, target: string): Promise<void> {
    mkdirSync(target, { recursive: true });
    await run(generator, [language, schema, target]);
}

/** Generates the SDK of a language from the committed schema, and adds it to a program, as `pulumi package add` does. */
export async function addSdk({ name }: Language, tools: LanguageToolPaths, workDir: string): Promise<void> {
    if (name === "yaml") {
        return;
    }
    const sdk = join(workDir, "sdks/eks-cni");
    await makeSdk(tools["sdk-generator"], name, join(ROOT, "plugin/schema.json"), sdk);
    if (name === "python") {
        // With the package builder that the tool includes, so that nothing is downloaded.
        const offline = ["--no-deps", "--no-build-isolation", "--no-index", "--root-user-action", "ignore"];
        const args = ["-m", "pip", "install", "--quiet", ...offline, "--target", pythonPackages(workDir), sdk];
        await run(tools["pulumi-python"], args);
    }
}

/** Fills Go's module and build caches: the first program with Pulumi's SDK takes a minute or two. */
export async function compileGoSdk(tools: LanguageToolPaths): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "eks-cni-go-"));
    try {
        await addSdk(go, tools, folder);
        writeProgram(folder, go, documentedProgram("plain-shape", go));
        await run("go", ["build", "-o", devNull, "."], { cwd: folder });
    } finally {
        rmSync(folder, { recursive: true });
    }
}
