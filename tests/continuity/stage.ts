import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { EC2Client } from "@aws-sdk/client-ec2";
import {
    CreateAddonCommand,
    CreatePodIdentityAssociationCommand,
    DeletePodIdentityAssociationCommand,
    DescribePodIdentityAssociationCommand,
    EKSClient,
    ListAddonsCommand,
    ListPodIdentityAssociationsCommand,
    UpdateAddonCommand,
} from "@aws-sdk/client-eks";
import { CreatePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import {
    AdmissionregistrationV1Api,
    ApiException,
    AppsV1Api,
    CoreV1Api,
    PatchStrategy,
    setHeaderOptions,
} from "@kubernetes/client-node";
import type { Sandbox } from "local-eks";
import { type IamState, lastIamChange } from "local-eks/iam";
import { loadKubeconfig, podCredentials } from "local-eks/kubernetes";
import type { Command, Engine, Hooks, RunResult } from "./engine/engine";
import type { ComponentArguments } from "./engine/program";
import type { Faults } from "./faults";
import type { Part } from "./killPoints";
import { figuresOf } from "./monitor/gaps";
import type { Monitor } from "./monitor/monitor";
import type { Outsider } from "./monitor/recording";
import { isReady } from "./monitor/records";
import { scaleUp } from "./scaleUp";
import type { Sizes } from "./sizes";
import { stateOfBefore } from "./state/ofBefore";
import { type Snapshot, snapshot } from "./state/snapshot";
import { differencesAfterHandBack, differencesAfterHandOver, type HandedOver } from "./state/wanted";

export interface Props {
    readonly sandbox: Sandbox;
    readonly engine: Engine;
    readonly monitor: Monitor;
    readonly faults: Faults;
    readonly sizes: Sizes;
    readonly ipFamily: IpFamily;
    /** The folder of its logs. */
    readonly directory: string;
    /** The state before any change. */
    readonly before: Snapshot;
    /** The part of a scenario's kills, if `--part` names one. */
    readonly part?: Part | undefined;
    say(line: string): void;
}

/** The node role of the sandbox's nodes. */
export const NODE_ROLE = "sandbox-nodes";
export const CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
export type IpFamily = HandedOver["ipFamily"];
const inKubeSystem = { namespace: "kube-system" };

/** A cluster and its operator's program, with the operations and assertions of the scenarios. */
export class Stage {
    /** The figures of the scenario start at this time. */
    public since = Date.now();
    public readonly results: RunResult[] = [];
    /** Outsiders' writes that took the pods' path. Their time is counted apart, until the run that repairs it. */
    public readonly outsiders: Outsider[] = [];
    public before: Snapshot;
    /** Whether the assertions of a complete hand-over and hand-back also scale up. */
    public scalesUp = true;
    private readonly core: CoreV1Api;
    private readonly apps: AppsV1Api;

    public constructor(public readonly props: Props) {
        this.before = props.before;
        const config = loadKubeconfig(props.sandbox.kubeconfigPath);
        this.core = config.makeApiClient(CoreV1Api);
        this.apps = config.makeApiClient(AppsV1Api);
    }

    public get sandbox(): Sandbox {
        return this.props.sandbox;
    }

    public get faults(): Faults {
        return this.props.faults;
    }

    public get timeouts(): Readonly<Record<string, number>> {
        return this.props.sizes.component.timeouts;
    }

    /** Takes the current state as the state before, so that it includes the scenario's preparations. */
    public async recordStateBefore(): Promise<void> {
        await this.settled();
        this.before = await this.now();
        this.since = Date.now();
    }

    /** The arguments of a complete hand-over. */
    public arguments(more: ComponentArguments = {}): ComponentArguments {
        const { clusterName } = this.sandbox;
        const { ipFamily, sizes } = this.props;
        return { clusterName, ipFamily, detachFromNodeRoles: [NODE_ROLE], ...sizes.component, ...more };
    }

    public async run(command: Command, args: ComponentArguments, hooks: Hooks = {}): Promise<RunResult> {
        const result = await this.props.engine.run(command, args, hooks);
        this.results.push(result);
        const { outcome, from, to } = result;
        this.props.say(`${command} ${outcome} after ${((to - from) / 1000).toFixed(1)} s`);
        if (outcome === "killed") {
            await this.props.engine.unlock();
        }
        return result;
    }

    public async succeeds(command: Command, args: ComponentArguments, hooks: Hooks = {}): Promise<RunResult> {
        const result = await this.run(command, args, hooks);
        assert.strictEqual(result.outcome, "succeeded", `${command} ${result.outcome}:\n${tail(result.output)}`);
        return result;
    }

    /** Expects that the command fails, with an output that matches `words`. */
    public async fails(
        command: Command,
        args: ComponentArguments,
        words: RegExp,
        hooks: Hooks = {},
    ): Promise<RunResult> {
        const result = await this.run(command, args, hooks);
        assert.strictEqual(result.outcome, "failed", `${command} ${result.outcome}:\n${tail(result.output)}`);
        assert.match(result.output, words, `${command} failed for another reason:\n${tail(result.output)}`);
        return result;
    }

    /**
     * An outsider's write takes the pods' path. It is in force when this returns.
     *
     * Returns a function that runs `act`, which repairs it: its run has to give every pod a path again within the limit.
     */
    public async takePath(
        write: () => Promise<unknown>,
    ): Promise<<T>(limitSeconds: number, act: () => Promise<T>) => Promise<T>> {
        const from = Date.now();
        await write();
        await this.settled();
        return (limitSeconds, act) => {
            this.outsiders.push({ from, repairedFrom: Date.now(), limitSeconds });
            return act();
        };
    }

    /** Starts a pod that needs an address, so that the warm pool of its node needs EC2. Returns a function that deletes it. */
    public async startWorkload(nodeName: string): Promise<() => Promise<unknown>> {
        const of = { namespace: "default", name: "workload" };
        const spec = { nodeName, containers: [{ name: "app", image: "app" }] };
        await this.core.createNamespacedPod({ namespace: of.namespace, body: { metadata: { name: of.name }, spec } });
        return () => this.core.deleteNamespacedPod(of);
    }

    /** Waits until all pods have the newest template and are Ready, and all IAM changes are in force. */
    public async settled(limitSeconds = 120): Promise<void> {
        const deadline = Date.now() + limitSeconds * 1000;
        while (!(await this.isSettled())) {
            assert.ok(Date.now() < deadline, `the cluster has not settled within ${String(limitSeconds)} s`);
            await sleep(200);
        }
        await sleep(Math.max(0, lastIamChange(this.sandbox).enforcedAt - Date.now()) + 300);
    }

    /** Waits until the DaemonSet's controller has noticed the nodes that have joined or left: only then does its status count them. */
    public async scheduledOnAllNodes(limitSeconds = 60): Promise<void> {
        const deadline = Date.now() + limitSeconds * 1000;
        for (;;) {
            const { status } = await this.apps.readNamespacedDaemonSet({ ...inKubeSystem, name: "aws-node" });
            // Without those on which aws-node does not run.
            const { length: nodes } = Object.keys(await this.sandbox.nodes.subnets());
            const scheduled = status?.desiredNumberScheduled;
            if (scheduled === nodes) {
                return;
            }
            assert.ok(Date.now() < deadline, `of ${String(nodes)} nodes, the status counts ${String(scheduled)}`);
            await sleep(200);
        }
    }

    private async isSettled(): Promise<boolean> {
        const { metadata, status } = await this.apps.readNamespacedDaemonSet({ ...inKubeSystem, name: "aws-node" });
        const wanted = status?.desiredNumberScheduled ?? -1;
        const { items } = await this.podList();
        const nodes = new Set((await this.core.listNode()).items.map((node) => node.metadata?.name));
        return (
            status?.observedGeneration === metadata?.generation &&
            [status?.updatedNumberScheduled, status?.numberReady, items.length].every((count) => count === wanted) &&
            // The status is a moment older than the pods.
            items.every((pod) => isReady(pod.status?.conditions) && nodes.has(pod.spec?.nodeName))
        );
    }

    private podList() {
        return this.core.listNamespacedPod({ ...inKubeSystem, labelSelector: "k8s-app=aws-node" });
    }

    /** Sets the update strategy. With OnDelete, the controller does not replace pods of an older template. */
    public async useStrategy(type: "RollingUpdate" | "OnDelete"): Promise<void> {
        const { spec } = await this.apps.readNamespacedDaemonSet({ ...inKubeSystem, name: "aws-node" });
        if (spec?.updateStrategy?.type !== type) {
            await this.apps.patchNamespacedDaemonSet(
                {
                    ...inKubeSystem,
                    name: "aws-node",
                    body: { spec: { updateStrategy: { type, rollingUpdate: null } } },
                },
                setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
            );
        }
    }

    /** UIDs of the pods by node. */
    public async pods(): Promise<Map<string, string>> {
        const { items } = await this.podList();
        return new Map(items.map(({ metadata, spec }) => [spec?.nodeName ?? "", metadata?.uid ?? ""]));
    }

    /** Deletes the pod on a node. The DaemonSet's controller creates another one, and may itself replace that pod just then. */
    public async deletePodOn(node: string): Promise<void> {
        await this.until(`the pod on ${node} is deleted`, async () => {
            const { items } = await this.podList();
            const name = items.find(({ spec }) => spec?.nodeName === node)?.metadata?.name;
            return (
                name !== undefined &&
                this.core.deleteNamespacedPod({ ...inKubeSystem, name }).then(
                    () => true,
                    (error: unknown) => {
                        if (error instanceof ApiException && error.code === 404) {
                            return false;
                        }
                        throw error;
                    },
                )
            );
        });
    }

    /** Deletes the pods that are not Ready. The DaemonSet's controller creates others. */
    public async deletePodsNotReady(): Promise<void> {
        for (const { pod, ready } of await podCredentials(this.sandbox.kubeconfigPath)) {
            if (!ready) {
                await this.core.deleteNamespacedPod({ ...inKubeSystem, name: pod });
            }
        }
    }

    /** The kubelet's writes when the readiness probe of the pod on a node misses, and succeeds again some seconds later. */
    public async missReadiness(node: string, seconds: number): Promise<void> {
        const { items } = await this.podList();
        const name = items.find(({ spec }) => spec?.nodeName === node)?.metadata?.name ?? "";
        for (const status of ["False", "True"]) {
            const lastTransitionTime = new Date();
            const conditions = ["Ready", "ContainersReady"].map((type) => ({ type, status, lastTransitionTime }));
            await this.core.patchNamespacedPodStatus(
                { ...inKubeSystem, name, body: { status: { conditions } } },
                setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
            );
            await sleep(seconds * 1000);
        }
    }

    /**
     * Writes to the DaemonSet's annotations for some seconds, as other tools may. After each write, its controller retries
     * refused pods at once, and does not wait for the end of its backoff.
     */
    public async touchDaemonSet(seconds: number): Promise<void> {
        const touch = (value: string | null) =>
            this.apps.patchNamespacedDaemonSet(
                { ...inKubeSystem, name: "aws-node", body: { metadata: { annotations: { touched: value } } } },
                setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
            );
        for (let time = 0; time < seconds * 2; time++) {
            await touch(String(time));
            await sleep(500);
        }
        await touch(null);
    }

    /** Changes the DaemonSet's pod template, as a new version of a manifest does. The controller replaces every pod. */
    public async rollDaemonSet(value: string, fieldManager?: string): Promise<void> {
        const template = { metadata: { annotations: { version: value } } };
        await this.apps.patchNamespacedDaemonSet(
            { ...inKubeSystem, name: "aws-node", body: { spec: { template } }, fieldManager },
            setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
        );
    }

    /** Whether admission has refused a pod of the DaemonSet since `since`: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
    public async isRefused(since = this.since): Promise<boolean> {
        const fieldSelector = "reason=FailedCreate,involvedObject.name=aws-node";
        const { items } = await this.core.listNamespacedEvent({ ...inKubeSystem, fieldSelector });
        return items.some(({ lastTimestamp }) => (lastTimestamp?.getTime() ?? 0) >= since - 1000);
    }

    /** Waits until a condition of the cluster is met. */
    public async until(what: string, isSo: () => Promise<boolean>, limitSeconds = 60): Promise<void> {
        const deadline = Date.now() + limitSeconds * 1000;
        while (!(await isSo())) {
            assert.ok(Date.now() < deadline, `timed out after ${String(limitSeconds)} s: ${what}`);
            await sleep(200);
        }
    }

    /** Patches as other tools do, without server-side apply. Null removes an annotation. */
    public async annotateServiceAccount(
        annotations: Readonly<Record<string, string | null>>,
        fieldManager?: string,
    ): Promise<void> {
        await this.core.patchNamespacedServiceAccount(
            { ...inKubeSystem, name: "aws-node", body: { metadata: { annotations } }, fieldManager },
            setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
        );
    }

    public async deleteInjectionGuards(): Promise<void> {
        const api = loadKubeconfig(this.sandbox.kubeconfigPath).makeApiClient(AdmissionregistrationV1Api);
        for (const { metadata } of (await api.listValidatingAdmissionPolicyBinding()).items) {
            await api.deleteValidatingAdmissionPolicyBinding({ name: metadata?.name ?? "" });
        }
        for (const { metadata } of (await api.listValidatingAdmissionPolicy()).items) {
            await api.deleteValidatingAdmissionPolicy({ name: metadata?.name ?? "" });
        }
    }

    /** Replaces the expressions of the injection guard, as `kubectl edit` does. */
    public async editInjectionGuards(validations: readonly { readonly expression: string }[]): Promise<void> {
        const api = loadKubeconfig(this.sandbox.kubeconfigPath).makeApiClient(AdmissionregistrationV1Api);
        for (const { metadata } of (await api.listValidatingAdmissionPolicy()).items) {
            await api.patchValidatingAdmissionPolicy(
                { name: metadata?.name ?? "", body: { spec: { validations } }, fieldManager: "kubectl-edit" },
                setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
            );
        }
    }

    /** Sets the service control policies of the account's organization, which the monitor cannot observe. Without levels, it is in none. */
    public async setServiceControlPolicies(levels: string[][]): Promise<void> {
        await this.sandbox.setServiceControlPolicies(levels);
        this.props.monitor.note({ at: Date.now(), kind: "serviceControlPolicies", levels });
    }

    /**
     * Sets the role of the managed add-on, or removes it, as `aws eks update-addon` does. Creates the add-on at first. EKS shows it at once, and
     * does not write it to the cluster.
     */
    public async setAddOnRole(serviceAccountRoleArn?: string): Promise<void> {
        const { awsEndpoint: endpoint, region, clusterName } = this.sandbox;
        await this.sandbox.addOn.setBehavior({ write: "nothing", seconds: 0 });
        const eks = new EKSClient({ endpoint, region, credentials });
        const addOn = { clusterName, addonName: "vpc-cni", serviceAccountRoleArn };
        const { addons = [] } = await eks.send(new ListAddonsCommand({ clusterName }));
        await (addons.includes("vpc-cni")
            ? eks.send(new UpdateAddonCommand(addOn))
            : eks.send(new CreateAddonCommand(addOn)));
    }

    /** Installs the agent, which pods with an association need. Returns a function that deletes the association. */
    public async associatePodIdentity(roleArn: string): Promise<() => Promise<unknown>> {
        await this.sandbox.podIdentity.agents.install();
        const { awsEndpoint: endpoint, region, clusterName } = this.sandbox;
        const eks = new EKSClient({ endpoint, region, credentials });
        const { association } = await eks.send(
            new CreatePodIdentityAssociationCommand({
                clusterName,
                roleArn,
                namespace: "kube-system",
                serviceAccount: "aws-node",
            }),
        );
        const associationId = association?.associationId;
        return () => eks.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
    }

    /** Deletes the associations of the service account, as another party does. */
    public async deleteAssociations(): Promise<void> {
        const { eks, clusterName, ids } = await this.associations();
        for (const associationId of ids) {
            await eks.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
        }
    }

    /** The role of the service account's association. Undefined if it has none. */
    public async associatedRole(): Promise<string | undefined> {
        const { eks, clusterName, ids } = await this.associations();
        const [associationId] = ids;
        if (associationId === undefined) {
            return undefined;
        }
        const { association } = await eks.send(
            new DescribePodIdentityAssociationCommand({ clusterName, associationId }),
        );
        return association?.roleArn;
    }

    private async associations() {
        const { awsEndpoint: endpoint, region, clusterName } = this.sandbox;
        const eks = new EKSClient({ endpoint, region, credentials });
        const of = { clusterName, namespace: "kube-system", serviceAccount: "aws-node" };
        const { associations = [] } = await eks.send(new ListPodIdentityAssociationsCommand(of));
        return { eks, clusterName, ids: associations.map(({ associationId }) => associationId) };
    }

    /** Deletes a child of the component from the stack's state, with its dependents. */
    public async deleteFromState(child: string): Promise<void> {
        const { resources = [] } = this.props.engine.state();
        const urn = resources.find((resource) => resource.urn.endsWith(`::${child}`))?.urn ?? "";
        await this.props.engine.deleteFromState(urn);
    }

    /** Makes state and cluster those of a hand-over by the code of before the live rollout. */
    public async returnToBefore(): Promise<void> {
        const { engine } = this.props;
        const { deployment, patch, fieldManager } = stateOfBefore(engine.state(), false);
        const { name, namespace } = patch.metadata;
        await this.apps.patchNamespacedDaemonSet(
            { name, namespace, body: patch, fieldManager, force: true },
            setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply),
        );
        await this.settled();
        await engine.importState(deployment);
    }

    public outputs(): Readonly<Record<string, unknown>> {
        return this.props.engine.outputs();
    }

    public currentRoles(): IamState["roles"] {
        return lastIamChange(this.sandbox).state.roles;
    }

    public now(): Promise<Snapshot> {
        return snapshot(this.sandbox);
    }

    /** Asserts the state before. `orphans` may remain: the engine has warned about them. */
    public async assertAsBefore(orphans: readonly string[] = []): Promise<void> {
        await this.settled();
        const differences = differencesAfterHandBack(this.before, await this.now());
        assertNone(differences.filter((line) => !orphans.some((name) => line.endsWith(`: ${name}`))));
        await this.scaleUp();
    }

    /** Asserts that the hand-over is complete, with the role in the program's outputs. */
    public async assertHandedOver(
        additionalPolicyArns: readonly string[] = [],
        orphans: readonly string[] = [],
        by: HandedOver["by"] = "annotation",
    ): Promise<void> {
        await this.settled();
        const roleArn = this.props.engine.outputs()["roleArn"];
        assert.ok(typeof roleArn === "string", "the stack has no output roleArn");
        const { ipFamily } = this.props;
        const wanted = { roleArn, by, ipFamily, additionalPolicyArns, detachFromNodeRoles: [NODE_ROLE] };
        const differences = differencesAfterHandOver(this.before, await this.now(), wanted);
        assertNone(differences.filter((line) => !orphans.some((name) => line.endsWith(`: ${name}`))));
        await this.scaleUp();
    }

    /**
     * Asserts that nodes that join now work, with each node role of the sandbox, and removes them again.
     *
     * Scenarios that end in neither state do without: those of limits have pods without a path, and those of the model go on amid the model's faults.
     */
    public async scaleUp(): Promise<void> {
        if (!this.scalesUp) {
            return;
        }
        const { sandbox, faults, props } = this;
        await scaleUp(sandbox.nodeRoleNames, {
            join: (nodeRole) => faults.joinNode(nodeRole),
            isReady: async (node) =>
                (await this.podList()).items.some(
                    ({ spec, status }) => spec?.nodeName === node && isReady(status?.conditions),
                ),
            gaps: (from) => figuresOf(props.monitor.recording(from, Date.now())).gaps.filter(({ joining }) => !joining),
            leave: (node) => faults.loseNode(node),
        });
        await this.scheduledOnAllNodes();
        await this.settled();
    }
}

function assertNone(differences: readonly string[]): void {
    assert.ok(differences.length === 0, `unexpected state:\n  ${differences.join("\n  ")}`);
}

export function tail(output: string, lines = 25): string {
    return output.trimEnd().split("\n").slice(-lines).join("\n");
}

const credentials = { accessKeyId: "test", secretAccessKey: "test" };

/** A client with the operator's credentials. */
export function iamClient({ awsEndpoint: endpoint, region }: Sandbox): IAMClient {
    return new IAMClient({ endpoint, region, credentials });
}

/** Creates a managed policy that allows this action alone, and returns its ARN. */
export async function createPolicy(sandbox: Sandbox, PolicyName: string, Action: string): Promise<string> {
    const Statement = [{ Effect: "Allow", Action, Resource: "*" }];
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    const { Policy } = await iamClient(sandbox).send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
    return Policy?.Arn ?? "";
}

export function ec2Client({ awsEndpoint: endpoint, region }: Sandbox): EC2Client {
    return new EC2Client({ endpoint, region, credentials });
}
