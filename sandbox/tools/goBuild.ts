import { appendFile, chmod, copyFile, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as semver from "semver";
import { goModuleFolder } from "./cache";
import type { GoSource } from "./recipes";
import { ask, run } from "./run";
import { goVersionIn } from "./versions";

/** A missing program that a build needs. The message says what to install. */
export class MissingPrerequisite extends Error {}

/**
 * Go 1.21 and newer downloads the toolchain that a go.mod requires, unless GOTOOLCHAIN=local:
 * https://go.dev/doc/toolchain
 */
export function goProblem(needed: string, printed: string | undefined, toolchain: string): string | undefined {
    const wanted = semver.coerce(needed)?.version ?? needed;
    const advice = "Install it from https://go.dev/dl/ and put it on PATH.";
    if (printed === undefined) {
        return `Go ${needed} or newer is required, and "go" is not on PATH. ${advice}`;
    }
    const found = semver.coerce(printed) ?? new semver.SemVer("0.0.0");
    const fetchesByItself = toolchain !== "local" && semver.gte(found, "1.21.0");
    if (fetchesByItself || semver.gte(found, wanted)) {
        return undefined;
    }
    return `Go ${needed} or newer is required, and the "go" on PATH is ${printed.trim()}. ${advice}`;
}

async function checkGo(module: string): Promise<void> {
    const needed = goVersionIn(await readFile(join(goModuleFolder(module), "go.mod"), "utf8")) ?? "1.24";
    const [version, toolchain] = ((await ask("go", ["env", "GOVERSION", "GOTOOLCHAIN"])) ?? "").split("\n");
    const problem = goProblem(needed, version === "" ? undefined : version, toolchain ?? "");
    if (problem !== undefined) {
        throw new MissingPrerequisite(problem);
    }
}

/** The -ldflags: no symbol table and no DWARF (a third smaller, quicker to link), and the version stamps. */
export function linkerFlags(stamps: Record<string, string>): string {
    return ["-s -w", ...Object.entries(stamps).map(([name, value]) => `-X ${name}=${value}`)].join(" ");
}

async function moduleFolder(module: string, directory: string, log: string): Promise<string> {
    await run({ program: "go", arguments: ["mod", "download", module], directory, log });
    const folder = (await ask("go", ["-C", directory, "list", "-m", "-f", "{{.Dir}}", module]))?.trim();
    if (!folder) {
        throw new Error(`the Go module ${module} could not be downloaded`);
    }
    return folder;
}

/**
 * As in pulumi-kubernetes provider/cmd/pulumi-resource-kubernetes/generate.go: adds the version to the schema, and makes both
 * files compact.
 */
async function embed(embeds: NonNullable<GoSource["embeds"]>, directory: string, log: string): Promise<void> {
    const from = join(await moduleFolder(embeds.module, directory, log), embeds.folder);
    for (const file of embeds.files) {
        const content = JSON.parse(await readFile(join(from, file), "utf8")) as Record<string, unknown>;
        const versioned = file === "schema.json" ? { ...content, version: embeds.schemaVersion } : content;
        await writeFile(join(directory, file), JSON.stringify(versioned));
    }
}

type Patch = NonNullable<GoSource["patch"]>;

/** The file with its lines changed. Throws if a line does not occur exactly once. */
export function changed({ module, file, changes }: Patch, source: string): string {
    return changes.reduce((text, { line, replacement }) => {
        if (text.split(line).length !== 2) {
            throw new Error(`${module} ${file} does not have the line to be changed: ${line}`);
        }
        return text.replace(line, replacement);
    }, source);
}

/** Replaces a dependency by a copy with some lines changed: https://go.dev/ref/mod#go-mod-file-replace */
async function applyPatch(patch: Patch, directory: string, log: string): Promise<void> {
    const { module, file } = patch;
    const copy = join(directory, "patched");
    await run({ program: "cp", arguments: ["-R", await moduleFolder(module, directory, log), copy], log });
    // Go's cache of modules is write-protected.
    await run({ program: "chmod", arguments: ["-R", "u+w", copy], log });
    await writeFile(join(copy, file), changed(patch, await readFile(join(copy, file), "utf8")));
    await appendFile(join(directory, "go.mod"), `\nreplace ${module} => ./patched\n`);
}

/** Builds into `target`, using `scratch` (a temporary folder) for the sources. Returns the exit code of go. */
export async function goBuild(source: GoSource, target: string, scratch: string, log: string): Promise<number> {
    await checkGo(source.module);
    const directory = join(scratch, "module");
    await cp(goModuleFolder(source.module), directory, { recursive: true });
    await mkdir(target, { recursive: true });
    if (source.patch) {
        await applyPatch(source.patch, directory, log);
    }
    if (source.embeds) {
        await embed(source.embeds, directory, log);
    }
    // A package's name may differ from the program's (etcd's is "v3"): go accepts a file name for a single package
    // only.
    const output = source.packages.length === 1 ? join(target, source.module) : `${target}/`;
    const code = await run({
        program: "go",
        // -dwarf=false: the linker drops the debug information anyway (linkerFlags). Without it, a cold build takes an eighth less.
        arguments: [
            "build",
            "-o",
            output,
            "-gcflags=all=-dwarf=false",
            "-ldflags",
            linkerFlags(source.stamps),
            ...source.packages,
        ],
        directory,
        // -buildvcs=false: a version control system around the scratch folder is not the program's.
        environment: { ...process.env, GOFLAGS: "-trimpath -mod=readonly -buildvcs=false", GOWORK: "off" },
        log,
    });
    if (code === 0 && source.copies) {
        const from = await moduleFolder(source.copies.module, directory, log);
        for (const file of source.copies.files) {
            await copyFile(join(from, file), join(target, basename(file)));
            await chmod(join(target, basename(file)), 0o755);
        }
    }
    return code;
}
