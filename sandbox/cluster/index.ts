import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { podIdentityAgentAddOn, vpcCni } from "../aws/eks/addOns/addOn";
import type { AddOnInstaller } from "../aws/eks/addOns/installer";
import type { ToolPaths } from "../tools";
import { VpcCniInstaller } from "./addOn/installer";
import type { Boots } from "./boots";
import { Client, untilReady } from "./client";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane, startEtcd } from "./controlPlane";
import { setupRetrySeconds } from "./cniStart";
import { livenessSeconds } from "./containerLife";
import { kubeconfig } from "./credentials";
import { type ManagedProcess, Processes } from "./managedProcess";
import { awsNode } from "./manifests/awsNode";
import { identityWebhookConfiguration } from "./manifests/identityWebhook";
import { kubeProxy } from "./manifests/kubeProxy";
import { type Instance, node } from "./nodes";
import { PodIdentityAgentInstaller } from "./podIdentity/installer";
import { controllerManagerArguments, kwokArguments, schedulerArguments } from "./programs";
import { type StageOptions, stagesFile } from "./stages";

export interface ClusterOptions extends Omit<ControlPlaneOptions, "tools" | "issuer" | "processes"> {
    tools: ToolPaths;
    region: string;
    podReadySeconds: number;
    /**
     * aws-node's permissions decide when nodes and aws-node's pods become Ready, instead of a fixed time: see
     * agents.ts.
     */
    readinessByCni: boolean;
    /** Scales the times of a failed start of aws-node: see containerLife.ts. */
    failedStartFactor: number;
}

/** The settings of the kubelets that faults change. */
export type KubeletSettings = Omit<StageOptions, "readinessByCni" | "failureFactor">;

/** The field manager of the objects that EKS itself adds to a new cluster. */
const eksFieldManager = "eks";

/**
 * The longest pause before a controller watches the API server again that was away: "backoff will stop at [30,60) sec interval".
 *
 * Source: k8s.io/client-go tools/cache/reflector.go, NewReflectorWithOptions
 */
const watchBackoffSeconds = 60;

/**
 * Until nodes must be Ready, also after a restart of the API server. By the CNI's permissions, this outlasts one start of aws-node
 * that fails, and then one that takes as long as a successful one can.
 */
export function readyLimitSeconds(
    nodes: number,
    options: Pick<ClusterOptions, "podReadySeconds" | "readinessByCni" | "failedStartFactor">,
): number {
    const restart = options.readinessByCni ? options.failedStartFactor * (livenessSeconds + setupRetrySeconds) : 0;
    return 60 + watchBackoffSeconds + nodes * 2 * options.podReadySeconds + restart;
}

/**
 * A Kubernetes control plane with kwok's nodes, in the steps in which EKS creates a cluster. Each step is a method,
 * because other parts (the issuer's keys, the identity webhook) start between them.
 */
export class Cluster {
    private readonly processes = new Processes();
    private controlPlane: ControlPlane | undefined;
    private kwok: ManagedProcess | undefined;

    public constructor(private readonly options: ClusterOptions) {}

    /** etcd depends on nothing else, so it can start before the issuer is known. */
    public startEtcd(): Promise<number> {
        return startEtcd({ ...this.options, processes: this.processes });
    }

    public async startApiServer(etcdPort: number, issuer: string): Promise<ControlPlane> {
        this.controlPlane = await startControlPlane({ ...this.options, processes: this.processes, issuer }, etcdPort);
        return this.controlPlane;
    }

    /** Controller manager, scheduler, and kwok in place of the kubelets. */
    public startControllers(): void {
        const { server, ca, caPath, credentials } = this.ready();
        const { directory, tools, logs } = this.options;
        const own = (name: string, token: string) => {
            const path = join(directory, "credentials", `${name}.kubeconfig`);
            writeFileSync(path, kubeconfig({ name, server, ca, token }), { mode: 0o600 });
            return path;
        };
        const programs = {
            "kube-controller-manager": controllerManagerArguments({
                kubeconfig: own("controller-manager", credentials.tokens.controllerManager),
                serviceAccountKey: credentials.serviceAccountKey,
                ca: caPath,
            }),
            "kube-scheduler": schedulerArguments({ kubeconfig: own("scheduler", credentials.tokens.scheduler) }),
        };
        for (const name of ["kube-controller-manager", "kube-scheduler"] as const) {
            const program = { name, executable: tools[name], arguments: programs[name], logs };
            this.processes.start(program);
        }
        this.startKwok({ podReadySeconds: this.options.podReadySeconds });
    }

    private startKwok(options: KubeletSettings): void {
        const { directory, tools, ipFamily, logs, readinessByCni, failedStartFactor: failureFactor } = this.options;
        const stages = join(directory, "stages.yaml");
        writeFileSync(stages, stagesFile({ ...options, readinessByCni, failureFactor }));
        this.kwok = this.processes.start({
            name: "kwok",
            executable: tools.kwok,
            logs,
            arguments: kwokArguments({ kubeconfig: this.ready().kubeconfigPath, stages, ipFamily }),
        });
    }

    /** kwok reads its stages once, so a change of nodes' or pods' behaviour restarts it. */
    public async restartKwok(options: KubeletSettings): Promise<void> {
        await this.kwok?.end();
        this.startKwok(options);
    }

    /** As when the machine fails on which it runs. */
    public restartApiServer(): Promise<void> {
        return this.ready().restart();
    }

    /** Before any pod is created, as on EKS. */
    public async registerIdentityWebhook(webhook: { url: string; caBundle: string }): Promise<void> {
        await this.client().apply(identityWebhookConfiguration(webhook), eksFieldManager);
    }

    /** Creates nodes and the DaemonSets of every EKS cluster; resolves when all pods are Ready. */
    public async startNodes(instances: Instance[], clusterName: string, boots: Boots): Promise<void> {
        const client = this.client();
        const version = await client.serverVersion();
        const { region, ipFamily } = this.options;
        await Promise.all([
            ...instances.map((instance) =>
                boots.join(instance, () => client.registerNode(node(instance, region, ipFamily, version))),
            ),
            ...kubeProxy(region).map((object) => client.apply(object, eksFieldManager)),
            this.applyAwsNode(clusterName),
        ]);
        await this.untilReady(instances.length);
    }

    /**
     * Recreates aws-node, its pods and its service account in their first state, with the fields that EKS owns and no
     * others.
     */
    public async remakeAwsNode(clusterName: string, nodes: number): Promise<void> {
        const client = this.client();
        await client.deleteAwsNode();
        await this.applyAwsNode(clusterName);
        await this.untilReady(nodes, () => client.deletePodsOfFormerAwsNode());
    }

    /** Write the objects of managed add-ons, as EKS does, by the name of the add-on. */
    public addOnInstallers(clusterName: string): Record<string, AddOnInstaller> {
        const { region, ipFamily } = this.options;
        const { kubeconfigPath } = this.ready();
        return {
            [vpcCni]: new VpcCniInstaller(kubeconfigPath, awsNode({ region, clusterName, ipFamily })),
            [podIdentityAgentAddOn]: new PodIdentityAgentInstaller(kubeconfigPath, region, clusterName),
        };
    }

    /** Deletes the other objects that programs created: admission policies, and events. */
    public removeInterventions(): Promise<void> {
        return this.client().deleteInterventions();
    }

    private async applyAwsNode(clusterName: string): Promise<void> {
        const { region, ipFamily } = this.options;
        const objects = awsNode({ region, clusterName, ipFamily });
        await Promise.all(objects.map((object) => this.client().apply(object, eksFieldManager)));
    }

    private async untilReady(nodes: number, before: () => Promise<void> = () => Promise.resolve()): Promise<void> {
        const limit = readyLimitSeconds(nodes, this.options);
        const check = () => {
            this.processes.assertRunning("before the nodes were ready");
            return before();
        };
        await untilReady(this.client(), nodes, limit, check);
    }

    public stop(): Promise<void> {
        return this.processes.stop(["kube-apiserver", "etcd"]);
    }

    private client(): Client {
        return new Client(this.ready().kubeconfigPath);
    }

    private ready(): ControlPlane {
        if (!this.controlPlane) {
            throw new Error("the API server has not been started");
        }
        return this.controlPlane;
    }
}
