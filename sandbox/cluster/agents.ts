import { CoreV1Api, EventsV1Api, type KubeConfig, type V1Pod, makeInformer } from "@kubernetes/client-node";
import { appendFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { CallsFromNodes } from "../aws/inside";
import { loadKubeconfig } from "../kubeconfigs";
import { requestToken } from "../tokens";
import { missingPermissionsEvent } from "./missingPermissions";
import { type AgentResult, PodAgent } from "./podAgent";
import type { IpFamily } from "./programs";
import { isReady, makeNodeReady, makePodReady, retryConflict } from "./readiness";

export interface AgentsOptions {
    kubeconfigPath: string;
    ipFamily: IpFamily;
    aws: CallsFromNodes;
    /** The log, with a line for each attempt of each pod. */
    logFile: string;
}

const namespace = "kube-system";
const labelSelector = "k8s-app=aws-node";
const pauseMilliseconds = 500;

interface Watched {
    pod: V1Pod;
    agent: PodAgent;
    isBusy: boolean;
    /** Whether the agent has made the pod Ready, or found it Ready. */
    isReady: boolean;
    /** Whether the pod's last attempt failed for lack of permissions: the CNI emits its event. */
    lacksPermissions: boolean;
}

/**
 * An agent for each running pod of aws-node.
 *
 * The first successful attempt makes the pod Ready, and its node with it, since aws-node has then written the CNI's
 * configuration (amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, nodeInit). Later failures do not revert that, as ipamd
 * continues to answer its probes.
 */
export class Agents {
    private readonly config: KubeConfig;
    private readonly core: CoreV1Api;
    private readonly events: EventsV1Api;
    private readonly watched = new Map<string, Watched>();
    private readonly stoppedNodes = new Set<string>();
    private readonly instanceIds = new Map<string, string>();
    private stsIsReachable = true;
    private isStopped = false;
    private running: Promise<void> | undefined;
    private stopWatching: () => Promise<void> = () => Promise.resolve();

    public constructor(private readonly options: AgentsOptions) {
        this.config = loadKubeconfig(options.kubeconfigPath);
        this.core = this.config.makeApiClient(CoreV1Api);
        this.events = this.config.makeApiClient(EventsV1Api);
    }

    public start(): void {
        this.stopWatching = this.watchPods();
        this.running = this.run();
    }

    public async stop(): Promise<void> {
        this.isStopped = true;
        await this.stopWatching();
        await this.running;
    }

    /** For the agents only: other callers still reach STS. */
    public setStsReachable(isReachable: boolean): void {
        this.stsIsReachable = isReachable;
    }

    /** Expires every session at once. */
    public renewSessions(): void {
        this.watched.forEach(({ agent }) => agent.renewSession());
    }

    /** Whether the agents on a node make no calls. */
    public setStopped(node: string, isStopped: boolean): void {
        if (isStopped) {
            this.stoppedNodes.add(node);
        } else {
            this.stoppedNodes.delete(node);
        }
    }

    private watchPods(): () => Promise<void> {
        const path = `/api/v1/namespaces/${namespace}/pods`;
        const list = () => this.core.listNamespacedPod({ namespace, labelSelector });
        const informer = makeInformer(this.config, path, list, labelSelector);
        informer.on("add", (pod) => this.take(pod));
        informer.on("update", (pod) => this.take(pod));
        informer.on("delete", ({ metadata }) => this.watched.delete(metadata?.uid ?? ""));
        // The informer does not restart a list or watch that ended in an error.
        informer.on("error", () => {
            if (!this.isStopped) {
                setTimeout(() => void informer.start(), pauseMilliseconds).unref();
            }
        });
        void informer.start();
        return () => informer.stop();
    }

    /** A pod that is being deleted has received its termination signal. */
    private take(pod: V1Pod): void {
        const uid = pod.metadata?.uid ?? "";
        if (pod.metadata?.deletionTimestamp !== undefined || pod.status?.phase !== "Running") {
            this.watched.delete(uid);
            return;
        }
        const known = this.watched.get(uid);
        if (known) {
            known.pod = pod;
            return;
        }
        const agent = new PodAgent(pod, {
            ...this.options,
            stsIsReachable: () => this.stsIsReachable,
            instanceId: (node) => this.instanceIdOf(node),
            token: (of, { audience, expirationSeconds }) => this.tokenOf(of, audience, expirationSeconds),
            now: Date.now,
        });
        this.watched.set(uid, { pod, agent, isBusy: false, isReady: isReady(pod), lacksPermissions: false });
    }

    private async run(): Promise<void> {
        while (!this.isStopped) {
            // An attempt that hangs does not delay the other pods.
            const round = this.round().catch(
                (error: unknown) => void process.stderr.write(`agents: ${String(error)}\n`),
            );
            await Promise.all([Promise.race([round, sleep(pauseMilliseconds)]), sleep(pauseMilliseconds)]);
        }
    }

    private async round(): Promise<void> {
        const results = await Promise.all([...this.watched.values()].map((watched) => this.tryOne(watched)));
        const lines = results.flatMap((result) => (result ? [`${JSON.stringify(result)}\n`] : []));
        if (lines.length > 0) {
            await appendFile(this.options.logFile, lines.join(""));
        }
    }

    private async tryOne(watched: Watched): Promise<AgentResult | undefined> {
        if (watched.isBusy || this.stoppedNodes.has(watched.pod.spec?.nodeName ?? "")) {
            return undefined;
        }
        watched.isBusy = true;
        try {
            const result = await watched.agent.tryOnce();
            await this.show(watched, result).catch((error: unknown) => {
                // The API server may be unavailable for a moment; the next attempt shows it then.
                process.stderr.write(`agents: ${String(error)}\n`);
            });
            return result;
        } finally {
            watched.isBusy = false;
        }
    }

    /** The effect of an attempt on the cluster: readiness, and the CNI's event. */
    private async show(watched: Watched, result: AgentResult | undefined): Promise<void> {
        if (result?.ok && !watched.isReady) {
            await this.makeReady(watched);
        }
        const lacksPermissions = result?.error === "UnauthorizedOperation";
        if (result && lacksPermissions && !watched.lacksPermissions) {
            const body = missingPermissionsEvent(watched.pod, result.call ?? "");
            await this.events.createNamespacedEvent({ namespace, body });
        }
        watched.lacksPermissions = lacksPermissions;
    }

    private async makeReady(watched: Watched): Promise<void> {
        const { name = "" } = watched.pod.metadata ?? {};
        const node = watched.pod.spec?.nodeName ?? "";
        await retryConflict(async () =>
            makePodReady(this.core, await this.core.readNamespacedPod({ name, namespace })),
        );
        await retryConflict(async () => {
            const read = await this.core.readNode({ name: node });
            if (!isReady(read)) {
                await makeNodeReady(this.core, read);
            }
        });
        watched.isReady = true;
    }

    /** `aws:///<zone>/<instance>` */
    private async instanceIdOf(node: string): Promise<string> {
        const known = this.instanceIds.get(node);
        if (known !== undefined) {
            return known;
        }
        const { spec } = await this.core.readNode({ name: node });
        const id = spec?.providerID?.split("/").at(-1) ?? "";
        this.instanceIds.set(node, id);
        return id;
    }

    private async tokenOf(pod: V1Pod, audience: string, expirationSeconds: number): Promise<string | undefined> {
        const { name = "", uid = "" } = pod.metadata ?? {};
        const serviceAccount = pod.spec?.serviceAccountName ?? "";
        try {
            const bound = { pod: name, uid };
            return await requestToken(this.config, {
                namespace,
                serviceAccount,
                audience,
                expirationSeconds,
                pod: bound,
            });
        } catch {
            return undefined;
        }
    }
}
