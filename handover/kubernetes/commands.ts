import type { KubeConfig } from "@kubernetes/client-node";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import type { ClusterConnection } from "../model/connection";
import { clustersInKubeconfig } from "./clustersInKubeconfig";

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

/** The name of the EKS cluster, as the program has it, or else as the kubeconfig does. `CLUSTER` if neither tells. */
export function eksClusterOf({ config, clusterName }: Reached): string {
    return clusterName ?? clustersInKubeconfig(config)[0] ?? "CLUSTER";
}
