import { dirname } from "node:path";
import { AppsV1Api, CoreV1Api, type V1Container, type V1Pod } from "@kubernetes/client-node";
import { loadKubeconfig } from "./kubeconfigs";

/** The credentials of a pod, as AWS's page checks them in each restarted pod; read from the pod as it was admitted. */
export interface PodCredentials {
    pod: string;
    uid: string;
    node: string;
    ready: boolean;
    /** One for each container, including init containers. */
    containers: ContainerCredentials[];
}

/** The credentials of one container. */
export interface ContainerCredentials {
    container: string;
    /** AWS_ROLE_ARN; undefined in a pod that uses the node role. */
    roleArn?: string;
    /** AWS_WEB_IDENTITY_TOKEN_FILE */
    tokenFile?: string;
    /** AWS_STS_REGIONAL_ENDPOINTS */
    stsEndpoints?: string;
    /** Whether the folder of the token file is mounted. */
    tokenMounted: boolean;
    /** The container credentials of EKS Pod Identity, if the container has them. */
    podIdentity?: ContainerPodIdentity;
}

export interface ContainerPodIdentity {
    /** AWS_CONTAINER_CREDENTIALS_FULL_URI */
    uri?: string;
    /** AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE */
    tokenFile?: string;
    /** Whether the folder of the token file is mounted. */
    tokenMounted: boolean;
}

/**
 * The pods of a DaemonSet, with the credentials of each container.
 *
 * They are read from the pod's spec, since kwok's pods run nothing. On a cluster with real nodes AWS's own command
 * shows the same: `kubectl exec -n kube-system POD -c aws-node -- env | grep AWS`.
 */
export async function podCredentials(
    kubeconfigPath: string,
    { namespace = "kube-system", daemonSet = "aws-node" } = {},
): Promise<PodCredentials[]> {
    const config = loadKubeconfig(kubeconfigPath);
    const set = await config.makeApiClient(AppsV1Api).readNamespacedDaemonSet({ namespace, name: daemonSet });
    const labelSelector = Object.entries(set.spec?.selector.matchLabels ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(",");
    const { items } = await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace, labelSelector });
    return items.map(credentialsOf).sort((a, b) => a.node.localeCompare(b.node));
}

function credentialsOf(pod: V1Pod): PodCredentials {
    const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
    return {
        pod: pod.metadata?.name ?? "",
        uid: pod.metadata?.uid ?? "",
        node: pod.spec?.nodeName ?? "",
        ready: pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false,
        containers: containers.map(containerCredentials),
    };
}

function containerCredentials({ name, env = [], volumeMounts = [] }: V1Container): ContainerCredentials {
    const value = (variable: string) => env.find((entry) => entry.name === variable)?.value;
    const isMounted = (file: string | undefined) =>
        volumeMounts.some(({ mountPath }) => file !== undefined && dirname(file) === mountPath.replace(/\/$/, ""));
    const tokenFile = value("AWS_WEB_IDENTITY_TOKEN_FILE");
    const uri = value("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const file = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const isOfPodIdentity = uri !== undefined || file !== undefined;
    return {
        container: name,
        roleArn: value("AWS_ROLE_ARN"),
        tokenFile,
        stsEndpoints: value("AWS_STS_REGIONAL_ENDPOINTS"),
        tokenMounted: isMounted(tokenFile),
        ...(isOfPodIdentity && { podIdentity: { uri, tokenFile: file, tokenMounted: isMounted(file) } }),
    };
}
