import { writeFileSync } from "fs";
import type { Sandbox } from "local-eks";
import { clusterOf } from "./cluster";

export const OTHER = "aws-node-custom";

/** A second DaemonSet with a service account of its own, as in a cluster with two kinds of nodes. */
const otherDaemonSet = {
    apiVersion: "v1",
    kind: "List",
    items: [
        { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace: "kube-system", name: OTHER } },
        {
            apiVersion: "apps/v1",
            kind: "DaemonSet",
            metadata: { namespace: "kube-system", name: OTHER },
            spec: {
                selector: { matchLabels: { app: OTHER } },
                template: {
                    metadata: { labels: { app: OTHER } },
                    spec: {
                        serviceAccountName: OTHER,
                        tolerations: [{ operator: "Exists" }],
                        containers: [{ name: "agent", image: "registry.k8s.io/pause:3.10" }],
                    },
                },
            },
        },
    ],
};

/** Returns a function that removes it again. */
export async function installOtherDaemonSet(sandbox: Sandbox): Promise<() => Promise<unknown>> {
    const { kubectl } = clusterOf(sandbox);
    const manifest = `${sandbox.directory}/${OTHER}.json`;
    writeFileSync(manifest, JSON.stringify(otherDaemonSet));
    await kubectl("apply", "-f", manifest);
    await kubectl("rollout", "status", `daemonset/${OTHER}`, "-n", "kube-system", "--timeout=60s");
    return () => kubectl("delete", "-f", manifest);
}
