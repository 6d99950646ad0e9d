import {
    AdmissionregistrationV1Api,
    AppsV1Api,
    CoreV1Api,
    KubeConfig,
    KubernetesObjectApi,
    PatchStrategy,
    type V1Node,
    type V1Pod,
    VersionApi,
} from "@kubernetes/client-node";
import type { Manifest, Plain } from "./manifests/plain";
import { isReady } from "./readiness";
import { setTimeout as sleep } from "node:timers/promises";

/** The Kubernetes calls that set up a cluster. */
export class Client {
    private readonly objects: KubernetesObjectApi;
    private readonly apps: AppsV1Api;
    private readonly core: CoreV1Api;
    private readonly admission: AdmissionregistrationV1Api;
    private readonly version: VersionApi;

    public constructor(kubeconfigPath: string) {
        const config = new KubeConfig();
        config.loadFromFile(kubeconfigPath);
        this.objects = KubernetesObjectApi.makeApiClient(config);
        this.apps = config.makeApiClient(AppsV1Api);
        this.core = config.makeApiClient(CoreV1Api);
        this.admission = config.makeApiClient(AdmissionregistrationV1Api);
        this.version = config.makeApiClient(VersionApi);
    }

    /** Server-side apply, which gives each field an owner. */
    public async apply(object: Manifest, fieldManager: string): Promise<void> {
        await this.objects.patch(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply);
    }

    /** Registers a node as its kubelet does: the object, then its status. */
    public async registerNode(node: Plain<V1Node>): Promise<void> {
        await this.core.createNode({ body: node, fieldManager: "kubelet" });
    }

    /**
     * Deletes a node with its pods, as when its instance is terminated. Ignores the objects that no longer exist: a
     * controller may have deleted a pod meanwhile, and a former attempt may have deleted the rest.
     */
    public async removeNode(name: string): Promise<void> {
        const { items } = await this.core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${name}` });
        await unlessGone(this.core.deleteNode({ name }));
        const isAgent = (pod: V1Pod) => pod.metadata?.labels?.["app.kubernetes.io/name"] === "eks-pod-identity-agent";
        // An instance ends all its pods at once. One after another, the agent comes last: no pod asks an agent that is gone.
        for (const pods of [items.filter((pod) => !isAgent(pod)), items.filter(isAgent)]) {
            await Promise.all(
                pods.map(({ metadata }) =>
                    unlessGone(
                        this.core.deleteNamespacedPod({
                            name: metadata?.name ?? "",
                            namespace: metadata?.namespace ?? "",
                            gracePeriodSeconds: 0,
                        }),
                    ),
                ),
            );
        }
    }

    /** Deletes the DaemonSet, the service account and every pod, also one that is being created. */
    public async deleteAwsNode(): Promise<void> {
        const namespace = "kube-system";
        const awsNode = { namespace, name: "aws-node" };
        await unlessGone(this.apps.deleteNamespacedDaemonSet({ ...awsNode, propagationPolicy: "Background" }));
        await unlessGone(this.core.deleteNamespacedServiceAccount(awsNode));
        const pods = { namespace, labelSelector: "k8s-app=aws-node" };
        while ((await this.core.listNamespacedPod(pods)).items.length > 0) {
            await this.core.deleteCollectionNamespacedPod({ ...pods, gracePeriodSeconds: 0 });
            await sleep(100);
        }
    }

    /**
     * Deletes the pods of a deleted aws-node, which keep the ports of their nodes. The DaemonSet controller creates them if its watch is late, as
     * after a restart of the API server.
     */
    public async deletePodsOfFormerAwsNode(): Promise<void> {
        const namespace = "kube-system";
        const [{ metadata }, { items }] = await Promise.all([
            this.apps.readNamespacedDaemonSet({ namespace, name: "aws-node" }),
            this.core.listNamespacedPod({ namespace, labelSelector: "k8s-app=aws-node" }),
        ]);
        const uid = metadata?.uid;
        await Promise.all(
            items
                .filter((pod) => (pod.metadata?.ownerReferences ?? []).every((owner) => owner.uid !== uid))
                .map(({ metadata: { name = "" } = {} }) =>
                    unlessGone(this.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 })),
                ),
        );
    }

    public async deleteInterventions(): Promise<void> {
        await Promise.all([
            this.admission.deleteCollectionValidatingAdmissionPolicyBinding(),
            this.admission.deleteCollectionValidatingAdmissionPolicy(),
            this.core.deleteCollectionNamespacedEvent({ namespace: "kube-system" }),
        ]);
    }

    /** Names of the nodes that are Ready. */
    public async readyNodes(): Promise<Set<string>> {
        const { items } = await this.core.listNode();
        return new Set(items.filter(isReady).map(({ metadata }) => metadata?.name ?? ""));
    }

    public async serverVersion(): Promise<string> {
        return (await this.version.getCode()).gitVersion;
    }

    /** Counts the Ready nodes and, for each DaemonSet of kube-system, its desired, current and ready pods. */
    public async readiness(): Promise<Readiness> {
        const [nodes, daemonSets] = await Promise.all([
            this.core.listNode(),
            this.apps.listNamespacedDaemonSet({ namespace: "kube-system" }),
        ]);
        return {
            readyNodes: nodes.items.filter(isReady).length,
            daemonSets: daemonSets.items.map(({ metadata, status }) => ({
                name: metadata?.name ?? "",
                wanted: status?.desiredNumberScheduled ?? 0,
                current: status?.updatedNumberScheduled ?? 0,
                ready: status?.numberReady ?? 0,
            })),
        };
    }
}

async function unlessGone(deletion: Promise<unknown>): Promise<void> {
    await deletion.catch((error: unknown) => {
        if ((error as { code?: number }).code !== 404) {
            throw error;
        }
    });
}

export interface Readiness {
    readyNodes: number;
    daemonSets: { name: string; wanted: number; current: number; ready: number }[];
}

/** The objects that are not ready yet; undefined if all are. */
export function missing(readiness: Readiness, nodes: number): string | undefined {
    if (readiness.readyNodes < nodes) {
        return `${readiness.readyNodes} of ${nodes} nodes are Ready`;
    }
    const late = readiness.daemonSets.find(
        ({ wanted, current, ready }) => wanted !== nodes || current !== nodes || ready !== nodes,
    );
    return late && `${late.ready} of ${nodes} pods of DaemonSet ${late.name} are Ready`;
}

/** `check` runs before each poll, and may throw. */
export async function untilReady(
    client: Client,
    nodes: number,
    seconds: number,
    check: () => void | Promise<void>,
): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
        await check();
        const lack = missing(await client.readiness(), nodes);
        if (lack === undefined) {
            return;
        }
        if (Date.now() > deadline) {
            throw new Error(`The cluster is not ready after ${seconds} s: ${lack}`);
        }
        await sleep(100);
    }
}
