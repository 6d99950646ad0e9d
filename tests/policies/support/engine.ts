import { mkdirSync, renameSync, rmSync } from "fs";
import { delimiter, join } from "path";
import { installedPluginsOnly, makePulumiHome, type Sandbox, type ToolPaths } from "local-eks";

/** The environment of an engine that runs policy packs. */
export function policyEnvironment(sandbox: Sandbox, tools: ToolPaths): Record<string, string> {
    const home = join(sandbox.directory, "policy-home");
    makePolicyHome(home, tools);
    const environment: NodeJS.ProcessEnv = { ...sandbox.environment, ...engineAt(home, sandbox.environment["PATH"]) };
    return Object.fromEntries(
        Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
}

/** The environment that selects the engine of a PULUMI_HOME. */
export function engineAt(home: string, path: string | undefined): NodeJS.ProcessEnv {
    const PATH = [join(home, "bin"), path].join(delimiter);
    return { ...installedPluginsOnly, PULUMI_HOME: home, PATH };
}

/**
 * Creates a PULUMI_HOME whose engine runs policy packs.
 *
 * The released Node.js language host starts a pack by its path. The newest host that can be built from published source is too
 * old for that. If the engine finds no host, it starts a pack with the plugin `pulumi-analyzer-policy-nodejs`, as earlier engines
 * did. The plugin runs the same module of the SDK in the same folder.
 *
 * Source: NewPolicyAnalyzer in https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/go/common/resource/plugin/analyzer_plugin.go
 */
export function makePolicyHome(home: string, tools: ToolPaths): void {
    const bin = join(home, "bin");
    // The rules cover more resource types than the stand-in for the AWS provider can create.
    makePulumiHome(home, tools, { previewsOfAllTypes: true });
    rmSync(join(bin, "pulumi-language-nodejs"));
    const analyzer = join(home, "plugins", "analyzer-policy-nodejs-v0.0.1");
    mkdirSync(analyzer);
    renameSync(join(bin, "pulumi-analyzer-policy"), join(analyzer, "pulumi-analyzer-policy-nodejs"));
}
