import {
    CoreV1Api,
    type KubeConfig,
    makeInformer,
    PatchStrategy,
    setHeaderOptions,
    type V1Pod,
} from "@kubernetes/client-node";
import type { CallsFromNodes } from "../../aws/inside";
import type { Session } from "../../aws/sts/sessions";
import { loadKubeconfig } from "../../kubeconfigs";
import { podIdentityAgentLabels, withoutAgentLabel } from "../manifests/podIdentityAgent";
import { Reachability } from "../reachability";
import { makePodUnready, retryConflict } from "../readiness";
import { PodIdentityAgent } from "./agent";
import { PodIdentityAgentInstaller } from "./installer";
import { type PodIdentityTimes, scaledTimes } from "./times";

export interface PodIdentityAgentsOptions {
    readonly kubeconfigPath: string;
    readonly clusterName: string;
    readonly region: string;
    readonly aws: CallsFromNodes;
    /** The id of a node's EC2 instance. */
    readonly instanceId: (node: string) => Promise<string | undefined>;
}

export type AgentState = "running" | "notReady" | "absent";

interface Running {
    /** The pod, and how often its container was restarted: another process has an empty cache. */
    readonly process: string;
    readonly agent: PodIdentityAgent<Session>;
    sweptAt: number;
}

const namespace = "kube-system";
const labelSelector = Object.entries(podIdentityAgentLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");

/**
 * The Pod Identity agents on the nodes: one for each Ready pod of the DaemonSet `eks-pod-identity-agent`. A new pod, and a restarted container, have
 * an empty cache.
 */
export class PodIdentityAgents {
    private readonly config: KubeConfig;
    private readonly core: CoreV1Api;
    private readonly installer: PodIdentityAgentInstaller;
    private readonly running = new Map<string, Running>();
    private readonly eksAuth = new Reachability();
    private readonly instanceSessions = new Map<string, Session>();
    private factor = 1;
    private isStopped = false;
    private stopWatching: () => Promise<void> = () => Promise.resolve();
    private timer: NodeJS.Timeout | undefined;

    constructor(private readonly options: PodIdentityAgentsOptions) {
        this.config = loadKubeconfig(options.kubeconfigPath);
        this.core = this.config.makeApiClient(CoreV1Api);
        this.installer = new PodIdentityAgentInstaller(options.kubeconfigPath, options.region, options.clusterName);
    }

    start(): void {
        const path = `/api/v1/namespaces/${namespace}/pods`;
        const list = () => this.core.listNamespacedPod({ namespace, labelSelector });
        const informer = makeInformer(this.config, path, list, labelSelector);
        informer.on("add", (pod) => this.take(pod));
        informer.on("update", (pod) => this.take(pod));
        informer.on("delete", (pod) => this.end(pod));
        // The informer does not restart a list or watch that ended in an error.
        informer.on("error", () => {
            if (!this.isStopped) {
                setTimeout(() => void informer.start(), 500).unref();
            }
        });
        void informer.start();
        this.stopWatching = () => informer.stop();
        this.timer = setInterval(() => void this.sweep(), 100).unref();
    }

    async stop(): Promise<void> {
        this.isStopped = true;
        clearInterval(this.timer);
        await this.stopWatching();
    }

    /** The agent of a node. Undefined if none answers there. */
    on(node: string): Pick<PodIdentityAgent<Session>, "credentials"> | undefined {
        return this.running.get(node)?.agent;
    }

    get times(): PodIdentityTimes {
        return scaledTimes(this.factor);
    }

    /** Scales all times of Pod Identity's credentials, from now on. */
    setTimeFactor(factor: number): void {
        this.factor = factor;
    }

    /** For the agents on these nodes, or on all. */
    setEksAuthReachable(isReachable: boolean, nodes?: readonly string[]): void {
        this.eksAuth.set(isReachable, nodes);
    }

    /** Ends the credentials that the agents hold, as when they have expired. */
    forget(): void {
        this.running.forEach(({ agent }) => agent.forget());
    }

    /** Writes the DaemonSet. */
    install(): Promise<void> {
        return this.installer.write();
    }

    /** Deletes the DaemonSet, if there is one. */
    uninstall(): Promise<void> {
        return this.installer.remove();
    }

    /**
     * Makes agents go away or come back on these nodes. `absent`: the DaemonSet has no pod there. `notReady`: its pods there answer no probe and no
     * request. `running`: it has pods there again, which start with an empty cache.
     */
    async set(state: AgentState, nodes: readonly string[]): Promise<void> {
        const headers = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
        const body = { metadata: { labels: { [withoutAgentLabel]: state === "absent" ? "true" : null } } };
        await Promise.all(nodes.map((name) => this.core.patchNode({ name, body }, headers)));
        if (state === "running") {
            await this.restart(nodes, (pod) => !isServing(pod));
        }
        if (state === "notReady") {
            await Promise.all((await this.podsOn(nodes)).map((pod) => this.makeUnready(pod)));
        }
    }

    /** Deletes the agents' pods on these nodes; the DaemonSet makes new ones. */
    async restart(nodes: readonly string[], which: (pod: V1Pod) => boolean = () => true): Promise<void> {
        const pods = (await this.podsOn(nodes)).filter(which);
        await Promise.all(
            pods.map(({ metadata }) => this.core.deleteNamespacedPod({ name: metadata?.name ?? "", namespace })),
        );
    }

    private async podsOn(nodes: readonly string[]): Promise<V1Pod[]> {
        const { items } = await this.core.listNamespacedPod({ namespace, labelSelector });
        return items.filter(({ spec }) => nodes.includes(spec?.nodeName ?? ""));
    }

    private makeUnready({ metadata }: V1Pod): Promise<void> {
        return retryConflict(async () => {
            const pod = await this.core.readNamespacedPod({ name: metadata?.name ?? "", namespace });
            pod.status?.containerStatuses?.forEach((container) => (container.ready = false));
            await makePodUnready(this.core, pod);
        });
    }

    /** Ends every fault, and makes the first state again. */
    async reset(isInstalled: boolean, nodes: readonly string[]): Promise<void> {
        this.setTimeFactor(1);
        this.setEksAuthReachable(true);
        this.forget();
        await this.set("running", nodes);
        await (isInstalled ? this.install() : this.uninstall());
    }

    private take(pod: V1Pod): void {
        const node = pod.spec?.nodeName ?? "";
        if (!isServing(pod)) {
            this.end(pod);
            return;
        }
        const process = processOf(pod);
        if (this.running.get(node)?.process !== process) {
            this.running.set(node, { process, agent: this.newAgent(node), sweptAt: Date.now() });
        }
    }

    private end(pod: V1Pod): void {
        const node = pod.spec?.nodeName ?? "";
        const uid = pod.metadata?.uid ?? "";
        if (this.running.get(node)?.process.startsWith(uid)) {
            this.running.delete(node);
        }
    }

    private newAgent(node: string): PodIdentityAgent<Session> {
        return new PodIdentityAgent<Session>({
            fetch: (token) => this.fetch(node, token),
            times: () => this.times,
            now: Date.now,
            random: Math.random,
        });
    }

    /** With the node's own credentials, which the agent gets from the instance's metadata service. */
    private async fetch(node: string, token: string): Promise<Session> {
        if (!this.eksAuth.isReachableFrom(node)) {
            throw new EksAuthFailure("context deadline exceeded");
        }
        const own = await this.ownSession(node);
        if (own === undefined) {
            throw new EksAuthFailure("no EC2 IMDS role found");
        }
        return (await this.options.aws.assumeRoleForPodIdentity(own, this.options.clusterName, token)).session;
    }

    private async ownSession(node: string): Promise<Session | undefined> {
        const known = this.instanceSessions.get(node);
        if (known !== undefined && known.expiresAt > Date.now()) {
            return known;
        }
        const id = await this.options.instanceId(node);
        const session = id === undefined ? undefined : await this.options.aws.instanceCredentials(id);
        if (session !== undefined) {
            this.instanceSessions.set(node, session);
        }
        return session;
    }

    private async sweep(): Promise<void> {
        const now = Date.now();
        const due = [...this.running.values()].filter(({ sweptAt }) => now - sweptAt >= this.times.sweepSeconds * 1000);
        due.forEach((one) => (one.sweptAt = now));
        await Promise.all(due.map(({ agent }) => agent.sweep()));
    }
}

/** The readiness of a container outlives that of its node's kubelet. A pod that is being deleted has received its termination signal. */
function isServing({ metadata, status }: V1Pod): boolean {
    const isRunning = status?.phase === "Running" && (status.containerStatuses?.every(({ ready }) => ready) ?? false);
    return metadata?.deletionTimestamp === undefined && isRunning;
}

/** EKS Auth has not answered the agent, whose requests end after a second (internal/cloud/eksauth/service.go, NewService). */
class EksAuthFailure extends Error {
    constructor(reason: string) {
        super(`unable to fetch credentials from EKS Auth: ${reason}`);
        this.name = "RequestTimeout";
    }
}

function processOf({ metadata, status }: V1Pod): string {
    return `${metadata?.uid ?? ""} ${status?.containerStatuses?.[0]?.restartCount ?? 0}`;
}
