import { copyFileSync, linkSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { version as awsVersion } from "@pulumi/aws/package.json";
import { version as kubernetesVersion } from "@pulumi/kubernetes/package.json";
import type { ToolPaths } from "./tools";

/** The stand-in for the AWS provider, which a sandbox has on PATH. */
export const AWS_PROVIDER = join(__dirname, "awsProvider", "bin", "pulumi-resource-aws");
const AWS_PREVIEWS = join(__dirname, "awsProvider", "bin", "pulumi-resource-aws-previews");

export interface PulumiHomeOptions {
    /** Executables of language hosts besides those for Node.js and YAML. */
    languageHosts?: readonly string[];
    /**
     * The AWS provider also previews the resource types that it does not implement, and takes their inputs as they are; it
     * creates none of them. Defaults to false: these types are refused.
     */
    previewsOfAllTypes?: boolean;
}

/**
 * Makes a PULUMI_HOME, with the providers installed in the versions that the SDKs of this package's dependencies ask for, and
 * the engine beside its language hosts. Programs with these SDKs run on it without the warning that the engine prints for
 * each plugin that it takes from PATH: with `installedPluginsOnly` in their environment. Any other program finds the
 * providers on PATH, whatever version of the SDKs it uses. A sandbox has one of its own; this makes another.
 */
export function makePulumiHome(home: string, tools: ToolPaths, options: PulumiHomeOptions = {}): void {
    const { languageHosts = [], previewsOfAllTypes = false } = options;
    const install = (name: string, version: string, executable: string) => {
        const folder = join(home, "plugins", `resource-${name}-v${version.replace(/^v/, "")}`);
        mkdirSync(folder, { recursive: true });
        symlinkSync(executable, join(folder, `pulumi-resource-${name}`));
    };
    install("aws", awsVersion, previewsOfAllTypes ? AWS_PREVIEWS : AWS_PROVIDER);
    install("kubernetes", kubernetesVersion, tools["pulumi-resource-kubernetes"]);
    const hosts = [tools["pulumi-language-nodejs"], tools["pulumi-language-yaml"], ...languageHosts];
    bundle(join(home, "bin"), tools.pulumi, hosts);
}

/** Has the engine take no plugin from PATH. */
export const installedPluginsOnly: NodeJS.ProcessEnv = { PULUMI_IGNORE_AMBIENT_PLUGINS: "true" };

/**
 * The engine looks for its language hosts in the folder of its own executable, symbolic links resolved (`GetPluginPath` in
 * sdk/go/common/workspace/plugins.go), so it needs a name there that is not one.
 */
function bundle(bin: string, pulumi: string, hosts: readonly string[]): void {
    mkdirSync(bin, { recursive: true });
    link(pulumi, join(bin, basename(pulumi)));
    for (const folder of new Set(hosts.map((host) => dirname(host)))) {
        for (const name of readdirSync(folder).filter((file) => file.startsWith("pulumi-"))) {
            link(join(folder, name), join(bin, name));
        }
    }
}

function link(from: string, to: string): void {
    try {
        linkSync(from, to);
    } catch {
        // Another file system.
        copyFileSync(from, to);
    }
}
