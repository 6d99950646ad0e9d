import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Recipe } from "./recipes";

/**
 * The folder of everything that sandboxes keep between runs.
 *
 * It is outside the repository, so that it outlives a clone and all clones share it. Set EKS_CNI_CACHE for another one.
 */
export function cacheRoot(environment: NodeJS.ProcessEnv = process.env): string {
    return environment.EKS_CNI_CACHE ?? join(homedir(), ".cache", "eks-cni");
}

const toolsFolder = __dirname;

export function goModuleFolder(module: string): string {
    return join(toolsFolder, "go", module);
}

export function requirementsFile(name: string): string {
    return join(toolsFolder, "python", name);
}

/**
 * The name of the folder of a finished build. The version alone is not enough: a changed pin, flag or interpreter needs
 * a new build.
 */
export function buildKey(recipe: Recipe, host: string): string {
    const hash = createHash("sha256").update(JSON.stringify([recipe.source, recipe.version, host]));
    const { source } = recipe;
    if (source.kind === "go") {
        const folder = goModuleFolder(source.module);
        readdirSync(folder)
            .sort()
            .forEach((file) => hash.update(file).update(readFileSync(join(folder, file))));
    } else {
        hash.update(readFileSync(requirementsFile(source.requirements)));
    }
    return `${recipe.name}-${recipe.version}-${hash.digest("hex").slice(0, 10)}`;
}
