import {
    CoreV1Api,
    EventsV1Api,
    type KubeConfig,
    ListWatch,
    PatchStrategy,
    V1MicroTime,
    type V1Pod,
    Watch,
    makeInformer,
    setHeaderOptions,
} from "@kubernetes/client-node";
import { appendFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { CallsFromNodes } from "../aws/inside";
import { loadKubeconfig } from "../kubeconfigs";
import { requestToken } from "../tokens";
import type { InstanceIds } from "./instanceIds";
import { missingPermissionsEvent } from "./missingPermissions";
import type { PodIdentityAgents } from "./podIdentity/agents";
import { type AgentSurroundings, PodAgent, statusOf, type Step } from "./podAgent";
import { Reachability } from "./reachability";
import {
    isReady,
    makeContainerRestarted,
    makeContainerWait,
    makeNodeReady,
    makePodReady,
    retryConflict,
} from "./readiness";
import { newNetwork, type NodeNetwork } from "./warmPool";

export interface AgentsOptions {
    kubeconfigPath: string;
    aws: CallsFromNodes;
    /** The log of the CNI's calls. */
    logFile: string;
    /** The log of the probes, with two lines a second for each pod. */
    probesFile: string;
    /** Scales the times of a failed start of aws-node: see containerLife.ts. */
    startFactor: number;
    instanceIds: InstanceIds;
    podIdentityAgents: Pick<PodIdentityAgents, "on" | "times">;
}

const namespace = "kube-system";
const labelSelector = "k8s-app=aws-node";
const pauseMilliseconds = 500;

interface Watched {
    pod: V1Pod;
    agent: PodAgent;
    isBusy: boolean;
    /** Transitions that the API server does not show yet, oldest first. */
    toShow: NonNullable<Step["container"]>[];
    /** The denied calls whose events are not written yet. */
    toComplain: string[];
    /** Whether the pod's last attempt failed for lack of permissions: the CNI emits its event. */
    deniedInARow: number;
    /** The pod's events, by the denied call. */
    complaints: Map<string, { name: string; count: number }>;
}

/**
 * An agent for each running pod of aws-node, which makes the calls of ipamd, and apart from it a probe of the pod's path.
 *
 * A successful start makes the pod Ready, and its node with it, since aws-node has then written the CNI's
 * configuration (amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, nodeInit). After a failed start the container is restarted. A later
 * failure leaves the pod Ready, since ipamd still answers its probes.
 */
export class Agents {
    private readonly config: KubeConfig;
    private readonly core: CoreV1Api;
    private readonly events: EventsV1Api;
    private readonly watched = new Map<string, Watched>();
    private readonly stoppedNodes = new Set<string>();
    private readonly networks = new Map<string, NodeNetwork>();
    /** The pods with an address of their own. */
    private readonly workload: ListWatch<V1Pod>;
    private readonly sts = new Reachability();
    private readonly results = new Lines();
    private readonly probes = new Lines();
    private isStopped = false;
    private running: Promise<void> | undefined;
    private stopWatching: () => Promise<void> = () => Promise.resolve();

    public constructor(private readonly options: AgentsOptions) {
        this.config = loadKubeconfig(options.kubeconfigPath);
        this.core = this.config.makeApiClient(CoreV1Api);
        this.events = this.config.makeApiClient(EventsV1Api);
        this.workload = this.watchWorkload();
    }

    public start(): void {
        this.stopWatching = this.watchPods();
        void this.workload.start();
        this.running = this.run();
    }

    public async stop(): Promise<void> {
        this.isStopped = true;
        await Promise.all([this.stopWatching(), this.workload.stop()]);
        await this.running;
    }

    /** For the agents only, on these nodes or on all: other callers still reach STS. */
    public setStsReachable(isReachable: boolean, nodes?: readonly string[]): void {
        this.sts.set(isReachable, nodes);
    }

    /** Expires every session at once. */
    public renewSessions(): void {
        this.watched.forEach(({ agent }) => agent.renewSession());
    }

    /** Ends the containers aws-node on these nodes: the kubelet restarts them in the same pods. */
    public killContainers(nodes: readonly string[]): void {
        this.watched.forEach(({ pod, agent }) => {
            if (nodes.includes(pod.spec?.nodeName ?? "")) {
                agent.killContainer();
            }
        });
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
        this.restartAfterErrors(informer);
        void informer.start();
        return () => informer.stop();
    }

    private watchWorkload(): ListWatch<V1Pod> {
        const fieldSelector = "spec.hostNetwork=false";
        const list = () => this.core.listPodForAllNamespaces({ fieldSelector });
        const watch = new Watch(this.config);
        const informer = new ListWatch<V1Pod>("/api/v1/pods", watch, list, false, undefined, fieldSelector);
        this.restartAfterErrors(informer);
        return informer;
    }

    /** The informer does not restart a list or watch that ended in an error. */
    private restartAfterErrors(informer: Pick<ListWatch<V1Pod>, "on" | "start">): void {
        informer.on("error", () => {
            if (!this.isStopped) {
                setTimeout(() => void informer.start(), pauseMilliseconds).unref();
            }
        });
    }

    /** The CNI assigns an address when a pod's sandbox is made, and frees it when the pod has ended. */
    private podsOn(node: string): number {
        const hasAddress = ({ spec, status }: V1Pod) =>
            spec?.nodeName === node && !["Succeeded", "Failed"].includes(status?.phase ?? "");
        return this.workload.list().filter(hasAddress).length;
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
        // A container that does not start makes no calls: see podFailures.ts.
        if (statusOf(pod)?.state?.running === undefined) {
            return;
        }
        const ofNode = pod.spec?.nodeName ?? "";
        const surroundings: AgentSurroundings = {
            ...this.options,
            network: this.networkOf(ofNode),
            podsOnNode: () => this.podsOn(ofNode),
            stsIsReachable: () => this.sts.isReachableFrom(ofNode),
            instanceId: (node) => this.options.instanceIds.of(node),
            token: (of, { audience, expirationSeconds }) => this.tokenOf(of, audience, expirationSeconds),
            now: Date.now,
            podIdentityAgent: (node) => this.options.podIdentityAgents.on(node),
            sdkWindowSeconds: () => this.options.podIdentityAgents.times.sdkWindowSeconds,
        };
        const agent = new PodAgent(pod, surroundings, isReady(pod));
        this.watched.set(uid, {
            pod,
            agent,
            isBusy: false,
            toShow: [],
            toComplain: [],
            deniedInARow: 0,
            complaints: new Map(),
        });
    }

    private networkOf(node: string): NodeNetwork {
        const known = this.networks.get(node) ?? newNetwork();
        this.networks.set(node, known);
        return known;
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
        await Promise.all([...this.watched.values()].map((watched) => this.tryOne(watched)));
        const { logFile, probesFile } = this.options;
        await Promise.all([this.results.appendTo(logFile), this.probes.appendTo(probesFile)]);
    }

    private async tryOne(watched: Watched): Promise<void> {
        if (watched.isBusy || this.stoppedNodes.has(watched.pod.spec?.nodeName ?? "")) {
            return;
        }
        watched.isBusy = true;
        try {
            const step = await watched.agent.step();
            this.probes.add(await watched.agent.probe());
            watched.toShow.push(...transitions(watched, step));
            watched.toComplain.push(...deniedCalls(watched, step));
            await this.show(watched).catch((error: unknown) => {
                // The API server may be unavailable for a moment; the next attempt shows it then.
                process.stderr.write(`agents: ${String(error)}\n`);
            });
            this.results.add(step?.result);
        } finally {
            watched.isBusy = false;
        }
    }

    /** The effect of an attempt on the cluster: the container's status, readiness, and the CNI's events. */
    private async show(watched: Watched): Promise<void> {
        for (let next = watched.toShow[0]; next; next = watched.toShow[0]) {
            await this.showContainer(watched, next);
            watched.toShow.shift();
        }
        for (let next = watched.toComplain[0]; next !== undefined; next = watched.toComplain[0]) {
            await this.complain(watched, next);
            watched.toComplain.shift();
        }
    }

    /** The recorder counts equal events of a pod as one series (k8s.io/client-go tools/events/event_broadcaster.go). */
    private async complain({ pod, complaints }: Watched, call: string): Promise<void> {
        const known = complaints.get(call);
        if (known === undefined) {
            const body = missingPermissionsEvent(pod, call);
            await this.events.createNamespacedEvent({ namespace, body });
            complaints.set(call, { name: body.metadata?.name ?? "", count: 1 });
            return;
        }
        const series = { count: known.count + 1, lastObservedTime: new V1MicroTime() };
        const body = { series };
        const headers = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
        try {
            await this.events.patchNamespacedEvent({ name: known.name, namespace, body }, headers);
            known.count++;
        } catch (error) {
            // The event has expired or was deleted: the next attempt creates one.
            if ((error as { code?: number }).code === 404) {
                complaints.delete(call);
            }
            throw error;
        }
    }

    private async showContainer(watched: Watched, what: NonNullable<Step["container"]>): Promise<void> {
        if (what === "ready") {
            return this.makeReady(watched);
        }
        const { name = "" } = watched.pod.metadata ?? {};
        const { restarts } = watched.agent;
        await retryConflict(async () => {
            const pod = await this.core.readNamespacedPod({ name, namespace });
            await (what === "backOff"
                ? makeContainerWait(this.core, pod, "aws-node", restarts)
                : makeContainerRestarted(this.core, pod, "aws-node", restarts));
        });
    }

    private async makeReady(watched: Watched): Promise<void> {
        const { name = "" } = watched.pod.metadata ?? {};
        const node = watched.pod.spec?.nodeName ?? "";
        await retryConflict(async () => {
            const pod = await this.core.readNamespacedPod({ name, namespace });
            if (!isReady(pod)) {
                await makePodReady(this.core, pod);
            }
        });
        await retryConflict(async () => {
            const read = await this.core.readNode({ name: node });
            if (!isReady(read)) {
                await makeNodeReady(this.core, read);
            }
        });
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

/** Lines of a log that are not written yet. */
class Lines {
    private lines: string[] = [];

    public add(line: object | undefined): void {
        if (line) {
            this.lines.push(`${JSON.stringify(line)}\n`);
        }
    }

    public async appendTo(file: string): Promise<void> {
        const text = this.lines.join("");
        this.lines = [];
        if (text !== "") {
            await appendFile(file, text);
        }
    }
}

/**
 * The step's own transition, or that of a container whose pod is not Ready any more: kwok may write the status of a starting pod twice.
 * The kubelet's status wins over another writer's (k8s.io/kubernetes pkg/kubelet/status/status_manager.go, needsReconcile).
 */
function transitions({ pod, agent, toShow }: Watched, step: Step | undefined): NonNullable<Step["container"]>[] {
    if (step?.container) {
        return [step.container];
    }
    return agent.isRunning && toShow.length === 0 && !isReady(pod) ? ["ready"] : [];
}

/**
 * The denied calls of an attempt for which the CNI emits an event. Of its work, the first two of several failures: the recorder writes the second one
 * at once, as a series, and the others late (k8s.io/client-go tools/events/event_broadcaster.go).
 */
function deniedCalls(watched: Watched, { result, denied }: Step = {}): readonly string[] {
    if (denied || !result) {
        return denied ?? [];
    }
    watched.deniedInARow = result.error === "UnauthorizedOperation" ? watched.deniedInARow + 1 : 0;
    return watched.deniedInARow === 1 || watched.deniedInARow === 2 ? [result.call ?? ""] : [];
}
