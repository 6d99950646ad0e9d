import type { KubeConfig } from "@kubernetes/client-node";
import { isAbsolute } from "node:path";
import type { ClusterConnection } from "../model/connection";
import { Refusal } from "../model/refusal";
import { isFile, pathOf } from "./commands";

/** Loads the kubeconfig of a connection, and refuses one without a cluster. */
export async function loadKubeconfig(connection: ClusterConnection): Promise<KubeConfig> {
    const { KubeConfig } = await import("./clientNode");
    const config = new KubeConfig();
    load(config, connection);
    chooseContext(config, connection.context);
    if (!config.getCurrentCluster()) {
        const seen =
            config.clusters.length === 0
                ? `${source(connection.kubeconfig)} is no kubeconfig: it has no clusters.`
                : `The kubeconfig has no cluster for its ${config.currentContext ? "current context" : "missing current-context"}.`;
        throw invalid(seen, UNKNOWN_CLUSTER, validKubeconfig(connection));
    }
    return config;
}

function load(config: KubeConfig, connection: ClusterConnection): void {
    const { kubeconfig: text } = connection;
    try {
        if (text === undefined) {
            config.loadFromDefault();
        } else if (isFile(text)) {
            config.loadFromFile(pathOf(text));
        } else {
            config.loadFromString(text);
        }
    } catch (error) {
        throw unreadable(connection, error);
    }
    // The client's default if it finds no kubeconfig (KubeConfig.loadFromDefault).
    if (text === undefined && config.currentContext === "loaded-context") {
        throw invalid(
            "No kubeconfig was given, and none was found: neither KUBECONFIG nor ~/.kube/config names one.",
            UNKNOWN_CLUSTER,
            validKubeconfig(connection),
        );
    }
    if (text !== undefined && config.clusters.length === 0 && looksLikePath(text)) {
        throw noSuchFile(text, connection);
    }
}

/** A text that is no path may be a secret, and is not shown. */
function looksLikePath(text: string): boolean {
    return /^(?:~?\/|\.{1,2}\/|[A-Za-z]:[\\/])[^\n{]*$|^[\w./-]+\.(?:ya?ml|json|conf|config|kubeconfig)$/.test(
        text.trim(),
    );
}

function noSuchFile(text: string, connection: ClusterConnection): Refusal {
    const path = pathOf(text);
    return invalid(
        `The value of \`kubeconfig\` looks like a path, and there is no file ${path}.`,
        isAbsolute(path) ? UNKNOWN_CLUSTER : "A relative path starts at the folder of the Pulumi program.",
        validKubeconfig(connection),
    );
}

function unreadable(connection: ClusterConnection, error: unknown): Refusal {
    const { kubeconfig: text } = connection;
    const { code, path } = systemErrorOf(error);
    return code === undefined
        ? invalid(
              `${source(text)} could not be read as a kubeconfig${lineOf(error)}.`,
              "Its content is not shown, since it may contain secrets.",
              validKubeconfig(connection),
          )
        : invalid(
              `${source(text, path)} could not be read: ${CAUSES[code] ?? code}.`,
              UNKNOWN_CLUSTER,
              validKubeconfig(connection),
          );
}

/** @param file - the file that the error names, for KUBECONFIG may name several. */
function source(text: string | undefined, file?: string): string {
    const ambient = process.env["KUBECONFIG"];
    if (text === undefined) {
        return ambient === undefined || ambient === ""
            ? `The kubeconfig at ${file ?? "~/.kube/config"}`
            : `The kubeconfig at ${file ?? ambient} (from KUBECONFIG)`;
    }
    return isFile(text) ? `The kubeconfig at ${pathOf(text)}` : "The text in `kubeconfig`";
}

/** https://nodejs.org/api/errors.html#common-system-errors */
const CAUSES: Readonly<Record<string, string>> = {
    ENOENT: "no such file",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
};

/** Empty for other errors. Not every error of the file system has its path: EISDIR has none. */
function systemErrorOf(error: unknown): { readonly code?: string; readonly path?: string } {
    const { syscall, code, path } = (error ?? {}) as NodeJS.ErrnoException;
    return syscall === undefined || code === undefined ? {} : { code, ...(path !== undefined && { path }) };
}

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

const UNKNOWN_CLUSTER = "The live checks do not know which cluster to use.";

/** The command writes to the file in KUBECONFIG, and to ~/.kube/config without it. */
function validKubeconfig({ kubeconfig, clusterName = "CLUSTER" }: ClusterConnection): string {
    const command = `aws eks update-kubeconfig --name ${clusterName}`;
    return kubeconfig === undefined
        ? `Write one (\`${command}\`), set KUBECONFIG to the path of another, or set the argument \`kubeconfig\`.`
        : `Set \`kubeconfig\` to the text of a kubeconfig (YAML or JSON), as \`${command} --dry-run\` prints it, or omit it to use KUBECONFIG or ~/.kube/config.`;
}

function invalid(seen: string, means: string, fix: string): Refusal {
    return new Refusal("kubeconfig-invalid", seen, means, fix);
}
