import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { credentialPaths } from "./cluster/credentials";

/** A kubeconfig file for the Kubernetes client. A sandbox's own names its administrator. */
export function loadKubeconfig(path: string): KubeConfig {
    const config = new KubeConfig();
    config.loadFromFile(path);
    return config;
}

/**
 * The text of a kubeconfig for the user `operator` of the group `eks-cni-operators`, who may do what RBAC binds to that user
 * or group, and nothing without it.
 */
export function operatorKubeconfig({ kubeconfigPath }: { kubeconfigPath: string }): string {
    const config = loadKubeconfig(kubeconfigPath);
    const tokens = readFileSync(credentialPaths(dirname(kubeconfigPath)).tokenFile, "utf8");
    const token = /^([^,]+),operator,/m.exec(tokens)?.[1];
    if (token === undefined) {
        throw new Error(`The cluster of ${kubeconfigPath} has no user named operator.`);
    }
    return config.exportConfig().replaceAll(config.getCurrentUser()?.token ?? "", token);
}
