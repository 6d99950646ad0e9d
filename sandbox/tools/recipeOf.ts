import { languageRecipes } from "./languageRecipes";
import { type Recipe, type ToolName, otherProvider, recipes } from "./recipes";

export const allRecipes: Recipe[] = [...recipes, ...languageRecipes, otherProvider];

export function recipeOf(tool: ToolName): Recipe {
    const recipe = allRecipes.find(({ tools }) => tools.includes(tool));
    if (!recipe) {
        throw new Error(`no recipe builds ${tool}`);
    }
    return recipe;
}

/** The file name of a tool's executable. */
export function executableOf(tool: ToolName): string {
    const { source } = recipeOf(tool);
    if (source.kind === "python") {
        return source.executable;
    }
    return source.packages.length === 1 ? source.module : tool;
}
