import { languageRecipes } from "./languageRecipes";
import { type Recipe, type ToolName, recipes } from "./recipes";

export const allRecipes: Recipe[] = [...recipes, ...languageRecipes];

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
    return source.kind === "python" ? source.executable : tool;
}
