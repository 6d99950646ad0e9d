import type { KubeConfig } from "@kubernetes/client-node";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import type { ClusterConnection } from "../model/connection";

/** A kubeconfig, the beginning of a kubectl command that uses it, and the EKS cluster that the program names. */
export interface Reached {
    readonly config: KubeConfig;
    readonly kubectl: string;
    readonly clusterName?: string;
}

/** Like the Kubernetes provider, accepts the text or a path, which may start with `~/` (parseKubeconfigString). */
export function isFile(text: string): boolean {
    return !text.trim().includes("\n") && existsSync(pathOf(text));
}

export function pathOf(text: string): string {
    return text.trim().replace(/^~(?=\/)/, homedir());
}

/** A kubeconfig that is a text in the program or in the state has no file: FILE stands for one with that text. */
export function kubectlOf({ kubeconfig, context }: ClusterConnection): string {
    const file = kubeconfig === undefined ? undefined : isFile(kubeconfig) ? pathOf(kubeconfig) : "FILE";
    return [
        "kubectl",
        ...(file === undefined ? [] : [`--kubeconfig ${quoted(file)}`]),
        ...(context === undefined ? [] : [`--context ${quoted(context)}`]),
    ].join(" ");
}

/** For a shell, if it must be. */
const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * The name of the EKS cluster, as the program has it, or else as `aws eks update-kubeconfig` writes it: an argument of the
 * credential command, and at the end of the ARN by which the entry is called. `CLUSTER` if neither tells.
 */
export function eksClusterOf({ config, clusterName }: Reached): string {
    return clusterName ?? clusterInKubeconfig(config) ?? "CLUSTER";
}

function clusterInKubeconfig(config: KubeConfig): string | undefined {
    const { args } = (config.getCurrentUser()?.exec ?? {}) as { args?: unknown };
    const words: unknown[] = Array.isArray(args) ? args : [];
    const option = words.findIndex((word) => word === "--cluster-name" || word === "-i");
    const named = option === -1 ? undefined : words[option + 1];
    const ofArn = /^arn:[\w-]+:eks:[^:]*:\d{12}:cluster\/([\w-]+)$/.exec(config.getCurrentCluster()?.name ?? "")?.[1];
    return typeof named === "string" ? named : ofArn;
}
