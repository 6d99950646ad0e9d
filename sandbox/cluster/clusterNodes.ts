import { CoreV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { loadKubeconfig } from "../kubeconfigs";
import type { Launch } from "./awsAccount";
import type { Boots } from "./boots";
import { Client } from "./client";
import { capacity, type Instance, node, nodeName } from "./nodes";
import { isInstance, type OtherNode, otherNode, type OtherNodeKind, otherNodeKinds, place, tagsOf } from "./otherNodes";
import { type PodFailure, podFailures } from "./podFailures";
import type { IpFamily } from "./programs";
import { isReady, makeNodeReady, makeNodeUnknown, makePodReady, makePodUnready, retryConflict } from "./readiness";

export interface ClusterNodesOptions {
    kubeconfigPath: string;
    region: string;
    clusterName: string;
    ipFamily: IpFamily;
    podReadySeconds: number;
    boots: Boots;
    launch(count: number, as: Launch): Promise<Instance[]>;
    terminate(instances: Instance[]): Promise<void>;
    /** Applies these settings to the kubelets from now on. */
    restartKubelets(settings: {
        podReadySeconds: number;
        podDeletionSeconds: number;
        stoppedNodes: string[];
        podFailures: ReadonlyMap<string, PodFailure>;
    }): Promise<void>;
    /** Called when the processes on a node stop, and when they continue. */
    onStopped(node: string, isStopped: boolean): void;
}

/** The nodes of a sandbox's cluster, and their faults: nodes join, are removed, and become unreachable for a while. */
export class ClusterNodes {
    private readonly client: Client;
    private readonly core: CoreV1Api;
    private readonly instances: Map<string, Instance>;
    /** Where each node of the first state was launched, and as what, by the node's name. */
    private readonly first: Map<string, Launch>;
    /** The pods on each stopped node that were Ready, by UID. */
    private readonly stopped = new Map<string, Set<string>>();
    /** How new pods of aws-node fail on a node. */
    private readonly podFailures = new Map<string, PodFailure>();
    /** The nodes on which aws-node does not run, with the instances of the account. */
    private readonly others = new Map<string, Instance | undefined>();
    private placed = 0;
    private podReadySeconds: number;
    private podDeletionSeconds = 0;

    public constructor(
        private readonly options: ClusterNodesOptions,
        instances: Instance[],
    ) {
        this.client = new Client(options.kubeconfigPath);
        this.core = loadKubeconfig(options.kubeconfigPath).makeApiClient(CoreV1Api);
        this.instances = new Map(instances.map((instance) => [nodeName(instance, options.region), instance]));
        this.first = new Map([...this.instances].map(([name, instance]) => [name, launchOf(instance)]));
        this.podReadySeconds = options.podReadySeconds;
    }

    /**
     * Launches an instance that joins, by default in the first subnet and with the first node role. Resolves with the node's name when the node is
     * registered, before it is Ready. Rejects if it does not join: see boots.ts.
     */
    public async add(as: Launch = {}): Promise<string> {
        const { region, ipFamily } = this.options;
        const [instance] = await this.options.launch(1, as);
        if (instance === undefined) {
            throw new Error("no instance was launched");
        }
        const name = nodeName(instance, region);
        const body = node(instance, region, ipFamily, await this.client.serverVersion());
        await this.options.boots.join(instance, async () => {
            await this.client.registerNode(body);
            this.instances.set(name, instance);
        });
        return name;
    }

    /** Adds a node on which aws-node does not run, with its instance if EC2 shows one. */
    public async addOther(kind: OtherNodeKind, as: Launch = {}): Promise<OtherNode> {
        if (!otherNodeKinds.includes(kind)) {
            throw new Error(
                `The sandbox has no nodes of the kind "${kind}": choose one of ${otherNodeKinds.join(", ")}.`,
            );
        }
        const { region, ipFamily, clusterName } = this.options;
        const tags = tagsOf(kind, clusterName);
        const launched = isInstance(kind)
            ? (await this.options.launch(1, { ...(tags !== undefined && { tags }), ...as }))[0]
            : undefined;
        this.placed += 1;
        const kubernetesVersion = await this.client.serverVersion();
        const options = { region, ipFamily, clusterName, kubernetesVersion };
        const other = otherNode(kind, launched ?? place(region, this.placed), options);
        const name = other.metadata?.name ?? "";
        this.others.set(name, launched);
        await this.client.registerNode(other);
        return { name, ...(launched !== undefined && { instanceId: launched.id }) };
    }

    /** Removes the node and its pods, as when its instance is terminated. */
    public async remove(name: string): Promise<void> {
        if (this.others.has(name)) {
            await this.removeOther(name);
            return;
        }
        const instance = this.instanceOf(name);
        await this.client.removeNode(name);
        await this.options.terminate([instance]);
        this.instances.delete(name);
        const failed = this.podFailures.delete(name);
        if (this.stopped.delete(name) || failed) {
            await this.restartKubelets();
        }
        this.options.onStopped(name, false);
    }

    private async removeOther(name: string): Promise<void> {
        const instance = this.others.get(name);
        await this.client.removeNode(name);
        if (instance !== undefined) {
            await this.options.terminate([instance]);
        }
        this.others.delete(name);
    }

    /**
     * Stops a node's kubelet. The node is NotReady at once instead of after the node controller's 40 s. Nothing happens
     * on it: its pods stay as they are, the deletion of a pod hangs, a new pod does not start.
     */
    public async stopKubelet(name: string): Promise<void> {
        this.instanceOf(name);
        if (this.stopped.has(name)) {
            return;
        }
        this.options.onStopped(name, true);
        this.stopped.set(name, new Set());
        await this.restartKubelets();
        await retryConflict(async () => makeNodeUnknown(this.core, await this.core.readNode({ name })));
        const ready = (await this.podsOn(name)).filter(isReady);
        this.stopped.set(name, new Set(ready.map(({ metadata }) => metadata?.uid ?? "")));
        await Promise.all(ready.map((pod) => makePodUnready(this.core, pod)));
    }

    /** Starts a stopped kubelet: its pods continue, pods that were deleted meanwhile end, and new pods start. */
    public async startKubelet(name: string): Promise<void> {
        const ready = this.stopped.get(name);
        if (ready === undefined) {
            return;
        }
        this.stopped.delete(name);
        await this.restartKubelets();
        await retryConflict(async () => makeNodeReady(this.core, await this.core.readNode({ name })));
        const back = (await this.podsOn(name)).filter(
            ({ metadata }) => metadata?.deletionTimestamp === undefined && ready.has(metadata?.uid ?? ""),
        );
        await Promise.all(back.map((pod) => makePodReady(this.core, pod)));
        this.options.onStopped(name, false);
    }

    /** Applies to pods that start from now on. A pod that is starting now starts again. */
    public async setPodReadySeconds(seconds: number): Promise<void> {
        this.podReadySeconds = seconds;
        await this.restartKubelets();
    }

    /** Applies to pods that are deleted from now on: they are still there for so long, and their containers end. */
    public async setPodDeletionSeconds(seconds: number): Promise<void> {
        this.podDeletionSeconds = seconds;
        await this.restartKubelets();
    }

    /**
     * How pods of aws-node fail on these nodes that start from now on; undefined ends it. Without names: on every node that there
     * is. Pods that run go on.
     */
    public async setPodsFail(failure: PodFailure | undefined, names = this.names): Promise<void> {
        this.assertKnown(names);
        if (failure !== undefined && !podFailures.includes(failure)) {
            throw new Error(`Pods cannot fail by "${failure}": choose one of ${podFailures.join(", ")}.`);
        }
        for (const name of names) {
            await this.setRoomForPods(name, failure !== "unschedulable");
            if (failure === undefined) {
                this.podFailures.delete(name);
            } else {
                this.podFailures.set(name, failure);
            }
        }
        await this.restartKubelets();
    }

    /**
     * A node without room for pods keeps those that it has. The scheduler finds no room for a new one, also not by preemption,
     * and looks again when the node has room (k8s.io/kubernetes pkg/scheduler/framework/plugins/noderesources/fit.go,
     * isSchedulableAfterNodeChange).
     */
    private async setRoomForPods(name: string, hasRoom: boolean): Promise<void> {
        if ((this.podFailures.get(name) === "unschedulable") === !hasRoom) {
            return;
        }
        const body = { status: { allocatable: { pods: hasRoom ? capacity.pods : "0" } } };
        const headers = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);
        await this.core.patchNodeStatus({ name, body }, headers);
    }

    /** The subnet of each node. */
    public subnets(): Record<string, string> {
        return Object.fromEntries([...this.instances].map(([name, { subnetId }]) => [name, subnetId]));
    }

    /** Ends the boots of instances that have not joined. */
    public endBoots(): Promise<void> {
        return this.options.boots.end();
    }

    /** Restores the first number of nodes in each subnet with each node role, all with running kubelets. */
    public async reset(): Promise<void> {
        for (const name of [...this.stopped.keys()]) {
            await this.startKubelet(name);
        }
        if (this.podFailures.size > 0) {
            await this.setPodsFail(undefined, [...this.podFailures.keys()]);
        }
        if (this.podReadySeconds !== this.options.podReadySeconds || this.podDeletionSeconds !== 0) {
            this.podReadySeconds = this.options.podReadySeconds;
            await this.setPodDeletionSeconds(0);
        }
        for (const name of [...this.others.keys(), ...this.names.filter((name) => !this.first.has(name))]) {
            await this.remove(name);
        }
        for (const [name, launch] of [...this.first].filter(([name]) => !this.instances.has(name))) {
            this.first.delete(name);
            this.first.set(await this.add(launch), launch);
        }
    }

    /** Throws if one of them is not a node of the sandbox. */
    public assertKnown(names: readonly string[]): void {
        names.forEach((name) => this.instanceOf(name));
    }

    public get names(): string[] {
        return [...this.instances.keys()];
    }

    public get instanceIds(): string[] {
        return [...this.instances.values()].map(({ id }) => id);
    }

    private instanceOf(name: string): Instance {
        const instance = this.instances.get(name);
        if (instance === undefined) {
            throw new Error(`The sandbox has no node ${name}: it has ${[...this.instances.keys()].join(", ")}`);
        }
        return instance;
    }

    private restartKubelets(): Promise<void> {
        const { podReadySeconds, podDeletionSeconds, stopped, podFailures } = this;
        const settings = { podReadySeconds, podDeletionSeconds, podFailures };
        return this.options.restartKubelets({ ...settings, stoppedNodes: [...stopped.keys()] });
    }

    private async podsOn(name: string) {
        return (await this.core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${name}` })).items;
    }
}

function launchOf({ subnetId, instanceProfile }: Instance): Launch {
    return { subnetId, ...(instanceProfile !== undefined && { instanceProfile }) };
}
