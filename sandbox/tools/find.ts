import { accessSync, constants, readdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { ask } from "./run";
import { installed } from "./installed";
import { executableOf } from "./recipeOf";
import type { ToolName } from "./recipes";
import { fits, versionIn } from "./versions";

export interface Found {
    path: string;
    version: string;
}

/** An installed tool whose version does not fit. */
export interface Unfit extends Found {
    fitting: string;
}

/** The Kubernetes provider to use: `4.29`, or the path of an executable. */
const PROVIDER_VARIABLE = "EKS_CNI_KUBERNETES_PROVIDER";

/** The tool that is used in place of this one. */
export function chosenTool(tool: ToolName, environment: NodeJS.ProcessEnv): ToolName {
    const isOther = tool === "pulumi-resource-kubernetes" && environment[PROVIDER_VARIABLE] === "4.29";
    return isOther ? "pulumi-resource-kubernetes-4.29" : tool;
}

export function isExecutable(path: string): boolean {
    try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
    } catch {
        return false;
    }
}

/** The folder in which Pulumi keeps downloaded plugins: <home>/plugins/resource-kubernetes-v4.25.0/. */
function pluginFolders(tool: ToolName, home: string): string[] {
    const kind = /^pulumi-(resource|language)-(.+)$/.exec(tool);
    if (!kind) {
        return [];
    }
    const plugins = join(home, "plugins");
    const prefix = `${kind[1] ?? ""}-${kind[2] ?? ""}-v`;
    try {
        return readdirSync(plugins)
            .filter((folder) => folder.startsWith(prefix) && !folder.endsWith(".lock") && !folder.endsWith(".partial"))
            .map((folder) => join(plugins, folder));
    } catch {
        return [];
    }
}

/** All files with the tool's name, in the order of the search. */
export function candidates(tool: ToolName, environment: NodeJS.ProcessEnv, ownCache: string): string[] {
    const home = environment.PULUMI_HOME ?? join(homedir(), ".pulumi");
    return programs(executableOf(tool), [...foldersOnPath(environment, ownCache), ...pluginFolders(tool, home)]);
}

export function foldersOnPath(environment: NodeJS.ProcessEnv, ownCache: string): string[] {
    return (environment.PATH ?? "").split(delimiter).filter((folder) => folder && !folder.startsWith(ownCache));
}

/** The executable files of this name in the folders. */
export function programs(name: string, folders: readonly string[]): string[] {
    const found = folders.map((folder) => join(folder, name));
    // On most systems /bin is a link to /usr/bin: the same file counts once.
    const byFile = new Map(
        found
            .filter(isExecutable)
            .map((file) => [realpathSync(file), file] as const)
            .reverse(),
    );
    return [...byFile.values()].reverse();
}

/** The folder of a plugin contains its version; every other tool prints its own. */
async function versionOf(path: string, versionArguments: string[]): Promise<string | undefined> {
    const fromFolder = versionIn(/-v(\d[^/]*)\/[^/]+$/.exec(path)?.[1] ?? "");
    return fromFolder ?? versionIn((await ask(path, versionArguments)) ?? "");
}

/** The first installed tool with a fitting version, and those that were skipped. */
export async function findInstalled(
    tool: ToolName,
    environment: NodeJS.ProcessEnv,
    ownCache: string,
): Promise<{ found?: Found; unfit: Unfit[] }> {
    if (tool.startsWith("pulumi-language-")) {
        return besidePulumi(tool, environment, ownCache);
    }
    const chosen = environment[PROVIDER_VARIABLE];
    if (tool === "pulumi-resource-kubernetes" && chosen) {
        return { found: chosenProvider(resolve(chosen)), unfit: [] };
    }
    const wanted = installed[tool];
    const unfit: Unfit[] = [];
    if (wanted) {
        for (const path of candidates(tool, environment, ownCache)) {
            const version = (await versionOf(path, wanted.versionArguments)) ?? "unknown";
            if (fits(version, wanted.fitting)) {
                return { found: { path, version }, unfit };
            }
            unfit.push({ path, version, fitting: wanted.fitting });
        }
    }
    return { unfit };
}

function chosenProvider(path: string): Found {
    if (!isExecutable(path)) {
        throw new Error(`${PROVIDER_VARIABLE} must be 4.29 or the path of an executable, and this is none: ${path}`);
    }
    return { path, version: `by ${PROVIDER_VARIABLE}` };
}

async function besidePulumi(host: ToolName, environment: NodeJS.ProcessEnv, ownCache: string) {
    const pulumi = (await findInstalled("pulumi", environment, ownCache)).found;
    const path = pulumi && join(dirname(pulumi.path), host);
    return path && isExecutable(path) ? { found: { path, version: pulumi.version }, unfit: [] } : { unfit: [] };
}
