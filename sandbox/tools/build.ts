import { existsSync, statSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildKey } from "./cache";
import { MissingPrerequisite, goBuild } from "./goBuild";
import { processStart, withLock } from "./lock";
import type { Progress } from "./progress";
import { pythonInstall, pythonTag } from "./pythonInstall";
import type { Recipe } from "./recipes";
import { lastLines } from "./run";

/** Builds a recipe's programs into `target` and returns the exit code of the build. */
export type Maker = (recipe: Recipe, target: string, scratch: string, log: string) => Promise<number>;

const make: Maker = (recipe, target, scratch, log) =>
    recipe.source.kind === "go"
        ? goBuild(recipe.source, target, scratch, log)
        : pythonInstall(recipe.source, target, scratch, log);

/** Go programs are linked for one platform, binary Python packages for one interpreter. */
async function hostKey(recipe: Recipe): Promise<string> {
    return recipe.source.kind === "go" ? `${process.platform}-${process.arch}` : pythonTag();
}

export async function builtFolder(recipe: Recipe, cache: string): Promise<string> {
    return join(cache, "tools", buildKey(recipe, await hostKey(recipe)));
}

/** Removes the remains of killed builds: folders named after a process that has ended. */
async function removeLeftovers(tools: string, key: string): Promise<void> {
    for (const name of await readdir(tools)) {
        const pid = new RegExp(`^\\.${key}\\.(\\d+)$`).exec(name)?.[1];
        if (pid !== undefined && (Number(pid) === process.pid || processStart(Number(pid)) === undefined)) {
            await rm(join(tools, name), { recursive: true, force: true });
        }
    }
}

/**
 * The folder with a recipe's programs; builds it if it does not exist. An existing folder is complete: it is created by
 * one rename, after the build has succeeded.
 */
export async function ensureBuilt(recipe: Recipe, cache: string, progress: Progress, maker = make): Promise<string> {
    const folder = await builtFolder(recipe, cache);
    if (existsSync(folder)) {
        return folder;
    }
    const tools = join(cache, "tools");
    const key = buildKey(recipe, await hostKey(recipe));
    await mkdir(join(cache, "logs"), { recursive: true });
    await mkdir(tools, { recursive: true });
    const waits = (pid: string) => progress.note(`Process ${pid} is building ${recipe.name}; waiting for it`);
    await withLock(join(tools, `${key}.lock`), waits, async () => {
        if (!existsSync(folder)) {
            await removeLeftovers(tools, key);
            progress.begin(recipe.name, recipe.version);
            await build(
                recipe,
                folder,
                join(tools, `.${key}.${process.pid}`),
                join(cache, "logs", `${key}.log`),
                maker,
            );
            progress.end(recipe.name);
        }
    });
    return folder;
}

async function build(recipe: Recipe, folder: string, scratch: string, log: string, maker: Maker): Promise<void> {
    const target = join(scratch, "result");
    await writeFile(log, "");
    try {
        await mkdir(scratch, { recursive: true });
        const code = await maker(recipe, target, scratch, log);
        if (code !== 0) {
            throw new Error(`exit code ${code}`);
        }
        await rename(target, folder);
    } catch (error) {
        if (error instanceof MissingPrerequisite) {
            throw new Error(`Building ${recipe.name} ${recipe.version}: ${error.message}`, { cause: error });
        }
        const reason = error instanceof Error ? error.message : String(error);
        const end = statSync(log).size > 0 ? lastLines(log).replace(/^/gm, "    ") : "";
        throw new Error(
            `Building ${recipe.name} ${recipe.version} failed: ${reason}\nThe end of the log:\n${end}\nLog: ${log}`,
            { cause: error },
        );
    } finally {
        await rm(scratch, { recursive: true, force: true });
    }
}
