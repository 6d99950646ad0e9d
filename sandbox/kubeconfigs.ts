import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { credentialPaths } from "./cluster/credentials";

/** Loads a kubeconfig file for the Kubernetes client. A sandbox's `kubeconfigPath` is that of its administrator. */
export function loadKubeconfig(path: string): KubeConfig {
    const config = new KubeConfig();
    config.loadFromFile(path);
    return config;
}

/**
 * The text of a kubeconfig for the user `operator` of the group `eks-cni-operators`.
 *
 * This user has only the permissions that a test binds to the user or the group by RBAC.
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
