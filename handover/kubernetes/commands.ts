import type { KubeConfig } from "@kubernetes/client-node";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import type { ClusterConnection } from "../model/connection";
import { clustersInKubeconfig } from "./clustersInKubeconfig";

/** A kubeconfig, the beginning of a kubectl command that uses it, and what the program or the state says about the connection. */
export interface Reached extends ClusterConnection {
    readonly config: KubeConfig;
    readonly kubectl: string;
}

/** Whether the credentials are a token in the state. Nothing renews it: it is in no file, and no command prints it. */
export function isTokenOfState({ fromState, kubeconfig }: ClusterConnection, config: KubeConfig): boolean {
    const isText = kubeconfig !== undefined && !isFile(kubeconfig);
    return fromState === true && isText && config.getCurrentUser()?.token !== undefined;
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

/** The command that adds credentials for the cluster to a kubeconfig: to the file of the connection, else to the ambient one. */
export function updateKubeconfig(reached: Reached): string {
    const { kubeconfig } = reached;
    const file = kubeconfig !== undefined && isFile(kubeconfig) ? ` --kubeconfig ${quoted(pathOf(kubeconfig))}` : "";
    return `aws eks update-kubeconfig --name ${eksClusterOf(reached)}${file}`;
}

/** For a shell, if it must be. */
const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The name of the EKS cluster, as the program has it, or else as the kubeconfig does. `CLUSTER` if neither tells. */
export function eksClusterOf({ config, clusterName }: Reached): string {
    return clusterName ?? clustersInKubeconfig(config)[0] ?? "CLUSTER";
}
