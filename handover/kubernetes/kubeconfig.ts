import type { KubeConfig } from "@kubernetes/client-node";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import type { ClusterConnection } from "../model/connection";
import { Refusal } from "../model/refusal";

/** Loads the kubeconfig of a connection, and refuses one without a cluster. */
export async function loadKubeconfig(connection: ClusterConnection): Promise<KubeConfig> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    load(config, connection.kubeconfig);
    chooseContext(config, connection.context);
    if (!config.getCurrentCluster()) {
        throw invalid(
            `The kubeconfig has no cluster for its ${config.currentContext ? "current context" : "missing current-context"}.`,
            "So the cluster is unknown.",
        );
    }
    return config;
}

function load(config: KubeConfig, text: string | undefined): void {
    try {
        if (text === undefined) {
            config.loadFromDefault();
        } else if (isPath(text)) {
            config.loadFromFile(pathOf(text));
        } else {
            config.loadFromString(text);
        }
    } catch (error) {
        throw invalid(
            text === undefined
                ? `The ambient kubeconfig could not be read${lineOf(error)}.`
                : `The text in \`kubeconfig\` could not be read as a kubeconfig${lineOf(error)}.`,
            "Its content is not shown, since it may contain secrets.",
        );
    }
    // The client's default if it finds no kubeconfig (KubeConfig.loadFromDefault).
    if (text === undefined && config.currentContext === "loaded-context") {
        throw invalid(
            "No kubeconfig was given, and none was found: neither KUBECONFIG nor ~/.kube/config names one.",
            "The live checks do not know which cluster to use.",
        );
    }
}

/** Like the Kubernetes provider, accepts the text or a path, which may start with `~/` (parseKubeconfigString). */
function isPath(text: string): boolean {
    return !text.trim().includes("\n") && existsSync(pathOf(text));
}

const pathOf = (text: string) => text.trim().replace(/^~(?=\/)/, homedir());

function chooseContext(config: KubeConfig, context: string | undefined): void {
    if (context === undefined) {
        return;
    }
    if (!config.getContextObject(context)) {
        const names = config.getContexts().map(({ name }) => name);
        throw invalid(
            `The kubeconfig has no context "${context}".`,
            names.length > 0 ? `It has: ${names.join(", ")}.` : "It has no contexts.",
            "Set kubernetes:context in the stack's configuration to a context of this kubeconfig " +
                "(`pulumi config set kubernetes:context CONTEXT`), or use a kubeconfig that has this context.",
        );
    }
    config.setCurrentContext(context);
}

/** The YAML parser's message quotes the text, which may contain secrets. The line number is harmless. */
function lineOf(error: unknown): string {
    const mark = error instanceof Error && "mark" in error ? (error.mark as { line?: unknown } | undefined) : undefined;
    return typeof mark?.line === "number" ? ` (line ${mark.line + 1})` : "";
}

const VALID_KUBECONFIG =
    "Set `kubeconfig` to a kubeconfig (YAML or JSON), as `aws eks update-kubeconfig --name CLUSTER --dry-run` prints it, or set " +
    "KUBECONFIG.";

function invalid(seen: string, means: string, fix = VALID_KUBECONFIG): Refusal {
    return new Refusal("kubeconfig-invalid", seen, means, fix);
}
