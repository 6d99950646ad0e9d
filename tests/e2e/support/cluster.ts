import { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import { execFile } from "child_process";
import { readFileSync } from "fs";
import { promisify } from "util";
import type { Sandbox } from "local-eks";
import { loadKubeconfig, podCredentials, type PodCredentials } from "local-eks/kubernetes";

const ROLE_ARN = "eks.amazonaws.com/role-arn";
const AWS_NODE = { namespace: "kube-system", name: "aws-node" };

/** Reads and changes a sandbox's cluster. */
export function clusterOf({ kubeconfigPath, environment }: Sandbox) {
    const config = loadKubeconfig(kubeconfigPath);
    const core = config.makeApiClient(CoreV1Api);
    const apps = config.makeApiClient(AppsV1Api);
    /** The real kubectl, with its own field managers. */
    const kubectl = async (...args: string[]): Promise<string> =>
        (await promisify(execFile)("kubectl", args, { env: environment })).stdout;
    const rolledOut = (seconds: number) =>
        kubectl("rollout", "status", "daemonset/aws-node", "-n", "kube-system", `--timeout=${String(seconds)}s`);
    const annotations = async (): Promise<Record<string, string>> =>
        (await core.readNamespacedServiceAccount(AWS_NODE)).metadata?.annotations ?? {};
    const restartPodsWithDeletedRole = async (): Promise<void> => {
        const hasRole = (await annotations())[ROLE_ARN] !== undefined;
        const stuck = (await podCredentials(kubeconfigPath)).filter(
            ({ ready, containers }) => !hasRole && !ready && containers.some(({ roleArn }) => roleArn !== undefined),
        );
        await Promise.all(stuck.map(({ pod }) => kubectl("delete", "pod", pod, "-n", "kube-system", "--wait=false")));
    };
    return {
        config,
        core,
        kubectl,
        annotations,
        /** Removes the role from the service account, as an operator does. */
        removeAnnotation: () => kubectl("annotate", "serviceaccount/aws-node", "-n", "kube-system", `${ROLE_ARN}-`),
        /** The field managers of the service account. */
        managers: async (): Promise<string[]> =>
            ((await core.readNamespacedServiceAccount(AWS_NODE)).metadata?.managedFields ?? []).map(
                ({ manager = "" }) => manager,
            ),
        daemonSet: () => apps.readNamespacedDaemonSet(AWS_NODE),
        awsNodePods: (): Promise<PodCredentials[]> => podCredentials(kubeconfigPath),
        otherPods: (): Promise<PodCredentials[]> => podCredentials(kubeconfigPath, { daemonSet: "kube-proxy" }),
        /**
         * Removes `kubectl annotate` from the managedFields. It stays the manager of the map of annotations itself (the "." in
         * its managedFields) after its last annotation is removed, and would conflict with the next field manager.
         */
        forgetKubectl: async () => {
            const account = await core.readNamespacedServiceAccount(AWS_NODE);
            if (account.metadata?.managedFields !== undefined) {
                const others = account.metadata.managedFields.filter(({ manager }) => manager !== "kubectl-annotate");
                account.metadata.managedFields = others;
                await core.replaceNamespacedServiceAccount({ ...AWS_NODE, body: account });
            }
        },
        /**
         * Waits for the rolling update that a destroy of the plain shape starts and does not await. A pod that it creates before
         * the annotation is removed gets the deleted role, and never becomes Ready. It is restarted, as an operator would do.
         */
        settled: () => rolledOut(20).catch(() => restartPodsWithDeletedRole().then(() => rolledOut(120))),
    };
}

export function uids(pods: PodCredentials[]): string[] {
    return pods.map(({ uid }) => uid).sort();
}

/** The kubeconfig with a setting in its cluster entry that the API server does not notice. The Kubernetes provider takes it for another cluster. */
export function kubeconfigWith(
    { kubeconfigPath }: Pick<Sandbox, "kubeconfigPath">,
    disableCompression: boolean,
): string {
    const config = JSON.parse(readFileSync(kubeconfigPath, "utf8")) as { clusters: { cluster: object }[] };
    config.clusters.forEach(({ cluster }) => Object.assign(cluster, { "disable-compression": disableCompression }));
    return JSON.stringify(config);
}
