import { copyFileSync, linkSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { version as awsVersion } from "@pulumi/aws/package.json";
import { version as kubernetesVersion } from "@pulumi/kubernetes/package.json";
import type { ToolPaths } from "./tools";

/** The stand-in for the AWS provider, which a sandbox has on PATH. */
export const AWS_PROVIDER = join(__dirname, "awsProvider", "bin", "pulumi-resource-aws");
const AWS_PREVIEWS = join(__dirname, "awsProvider", "bin", "pulumi-resource-aws-previews");

/** The options of `makePulumiHome`. */
export interface PulumiHomeOptions {
    /** Executables of language hosts besides those for Node.js and YAML. */
    languageHosts?: readonly string[];
    /**
     * The AWS provider also previews the resource types that it does not implement, and accepts their inputs unchecked;
     * it creates none of them. Defaults to false: these types are refused.
     */
    previewsOfAllTypes?: boolean;
}

/**
 * Creates a PULUMI_HOME with the engine, its language hosts and the two providers. A sandbox has one; this creates
 * another.
 *
 * The providers are installed in the versions of the SDKs that this package depends on. Programs with these SDKs run on
 * it without the engine's warning for each plugin that it takes from PATH, if `installedPluginsOnly` is in their
 * environment. Programs with other versions find the providers on PATH.
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

/** Environment in which the engine takes no plugin from PATH. */
export const installedPluginsOnly: NodeJS.ProcessEnv = { PULUMI_IGNORE_AMBIENT_PLUGINS: "true" };

/**
 * The engine looks for its language hosts in the folder of its own executable, with symbolic links resolved
 * (pulumi sdk/go/common/workspace/plugins.go, GetPluginPath), so the executable there must not be a symbolic link.
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
        // The folders are on different file systems.
        copyFileSync(from, to);
    }
}
