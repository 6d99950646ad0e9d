import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { builtFolder, ensureBuilt } from "./build";
import { cacheRoot } from "./cache";
import { chosenTool, findInstalled } from "./find";
import { Display, type Output, type Progress, silent } from "./progress";
import { executableOf, recipeOf } from "./recipeOf";
import { type LanguageTool, type Recipe, type SandboxTool, type ToolName, recipes } from "./recipes";
import { languageRecipes } from "./languageRecipes";

export type { Progress } from "./progress";
export type { ToolName } from "./recipes";

/** The paths of the executables that a sandbox runs. */
export type ToolPaths = Record<SandboxTool, string>;
/** The paths of the executables for programs in Go and Python. */
export type LanguageToolPaths = Record<LanguageTool, string>;

export const allTools: SandboxTool[] = recipes.flatMap(({ tools }) => tools);

async function installedPath(tool: ToolName, progress: Progress): Promise<string | undefined> {
    const { found, unfit } = await findInstalled(tool, process.env, cacheRoot());
    for (const other of unfit) {
        progress.note(
            `Not using ${other.path}: its version is ${other.version}, and the sandbox needs ${other.fitting}`,
        );
    }
    if (found) {
        progress.note(`Using ${found.path} (${tool} ${found.version})`);
    }
    return found?.path;
}

/** The path of a tool's executable: an installed one with a fitting version, otherwise a build. */
export async function ensureTool(name: ToolName, progress: Progress = silent): Promise<string> {
    const tool = chosenTool(name, process.env);
    return (await installedPath(tool, progress)) ?? built(tool, progress);
}

async function built(tool: ToolName, progress: Progress): Promise<string> {
    return join(await ensureBuilt(recipeOf(tool), cacheRoot(), progress), executableOf(tool));
}

/**
 * Builds in the given order (longest first), two at a time: a Go build uses all cores while it compiles, and one core
 * while it links or downloads, when the other build continues.
 */
async function buildAll(queue: Recipe[], progress: Progress): Promise<void> {
    let failure: Error | undefined;
    const worker = async () => {
        for (let recipe = queue.shift(); recipe; recipe = queue.shift()) {
            try {
                await ensureBuilt(recipe, cacheRoot(), progress);
            } catch (error) {
                // No further build starts. A running one finishes, so that it need not be repeated.
                queue.length = 0;
                progress.note(`The build of ${recipe.name} failed`);
                failure ??= error instanceof Error ? error : new Error(String(error));
            }
        }
    };
    await Promise.all(Array.from({ length: Math.max(2, Math.floor(availableParallelism() / 4)) }, worker));
    if (failure) {
        throw failure;
    }
}

async function missingRecipes(tools: ToolName[]): Promise<Recipe[]> {
    const wanted = [...new Set(tools.map(recipeOf))];
    const folders = await Promise.all(wanted.map((recipe) => builtFolder(recipe, cacheRoot())));
    return wanted
        .filter((_, index) => !existsSync(folders[index] ?? ""))
        .sort((a, b) => b.typicalSeconds - a.typicalSeconds);
}

/** Finds or builds several tools. Progress is written to `output`, usually standard error. */
export async function ensureTools<T extends ToolName>(names: T[], output: Output): Promise<Record<T, string>> {
    const display = new Display(output);
    const tools = names.map((name) => chosenTool(name, process.env));
    try {
        const found = await Promise.all(tools.map((tool) => installedPath(tool, display)));
        const queue = await missingRecipes(tools.filter((_, index) => found[index] === undefined));
        display.plan(queue, cacheRoot());
        await buildAll(queue, display);
        const paths = tools.map(
            async (tool, index) => [names[index], found[index] ?? (await built(tool, silent))] as const,
        );
        return Object.fromEntries(await Promise.all(paths)) as Record<T, string>;
    } finally {
        display.stop();
    }
}

/** Finds or builds all tools that a sandbox runs. Progress is written to `output`, usually standard error. */
export function ensureAllTools(output: Output): Promise<ToolPaths> {
    return ensureTools(allTools, output);
}

/** The additional tools for programs in Go and Python. */
export function ensureLanguageTools(output: Output): Promise<LanguageToolPaths> {
    return ensureTools(
        languageRecipes.flatMap(({ tools }) => tools),
        output,
    );
}
