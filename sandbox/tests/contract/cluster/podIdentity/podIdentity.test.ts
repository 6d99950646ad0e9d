import {
    CreateAddonCommand,
    CreatePodIdentityAssociationCommand,
    DeleteAddonCommand,
    DeletePodIdentityAssociationCommand,
    EKSClient,
    UpdatePodIdentityAssociationCommand,
} from "@aws-sdk/client-eks";
import {
    AttachRolePolicyCommand,
    CreateRoleCommand,
    DetachRolePolicyCommand,
    IAMClient,
    UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
    AppsV1Api,
    CoreV1Api,
    PatchStrategy,
    setHeaderOptions,
    type V1Pod,
    type V1Toleration,
} from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProbeResult } from "../../../../cluster/podAgent";
import { podIdentityAgentLabels } from "../../../../cluster/manifests/podIdentityAgent";
import { isReady } from "../../../../cluster/readiness";
import { loadKubeconfig } from "../../../../kubeconfigs";
import { associationChanges, eksAuthCalls, probeResults } from "../../../../logs";
import { podCredentials } from "../../../../pods";
import { type Sandbox, startSandbox } from "../../../../sandbox";
import { podIdentityTrust } from "../../aws/support";

const namespace = "kube-system";
const cniPolicy = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
const workerPolicy = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";
const nodeRole = "sandbox-nodes";

describe("Pod Identity in a sandbox", function () {
    this.timeout(180_000);
    let sandbox: Sandbox;
    let core: CoreV1Api;
    let iam: IAMClient;
    let eks: EKSClient;

    before(async () => {
        sandbox = await startSandbox({
            name: `pod-identity-test-${process.pid}`,
            nodes: 2,
            agents: true,
            podIdentityAgent: true,
            failedStartFactor: 0.02,
            podReadySeconds: 0.2,
            enforcementDelaySeconds: 0,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        core = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(CoreV1Api);
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const aws = { endpoint: sandbox.awsEndpoint, region: sandbox.region, credentials };
        iam = new IAMClient(aws);
        eks = new EKSClient(aws);
    });
    after(() => sandbox.stop());
    afterEach(() => sandbox.reset());

    const arnOf = (role: string) => `arn:aws:iam::${sandbox.accountId}:role/${role}`;
    const makeRole = async (RoleName: string, trust = podIdentityTrust()) => {
        await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
        await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: cniPolicy }));
    };
    const associate = async (role: string) => {
        const of = { clusterName: sandbox.clusterName, namespace, serviceAccount: "aws-node", roleArn: arnOf(role) };
        const { association } = await eks.send(new CreatePodIdentityAssociationCommand(of));
        return association?.associationId ?? "";
    };
    const change = (associationId: string, role: string) => {
        const of = { clusterName: sandbox.clusterName, associationId, roleArn: arnOf(role) };
        return eks.send(new UpdatePodIdentityAssociationCommand(of));
    };
    const podsWith = async (labelSelector: string) =>
        (await core.listNamespacedPod({ namespace, labelSelector })).items.filter(
            ({ metadata }) => metadata?.deletionTimestamp === undefined,
        );
    const awsNodes = () => podsWith("k8s-app=aws-node");
    const agentPods = () => podsWith(`app.kubernetes.io/name=${podIdentityAgentLabels["app.kubernetes.io/name"]}`);
    const until = async <T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> => {
        const deadline = Date.now() + 60_000;
        for (;;) {
            const found = await look();
            if (found !== undefined) {
                return found;
            }
            assert.ok(Date.now() < deadline, "not within a minute");
            await sleep(100);
        }
    };
    const uidOf = (pod: V1Pod | undefined) => pod?.metadata?.uid ?? "";
    const nodeOf = (pod: V1Pod | undefined) => pod?.spec?.nodeName ?? "";
    /** The first pod of aws-node, and its node. */
    const first = async () => {
        const [pod] = await awsNodes();
        return { pod, node: nodeOf(pod), uid: uidOf(pod) };
    };
    /** Deletes the pod on a node; resolves with the new one's UID. */
    const restart = async (node: string) => {
        const old = (await awsNodes()).find((pod) => nodeOf(pod) === node);
        await core.deleteNamespacedPod({ namespace, name: old?.metadata?.name ?? "" });
        return until(async () => {
            const found = (await awsNodes()).find((pod) => nodeOf(pod) === node && uidOf(pod) !== uidOf(old));
            return found && uidOf(found);
        });
    };
    const result = (uid: string, wanted: (of: ProbeResult) => boolean = () => true, since = Date.now()) =>
        until(() => probeResults(sandbox).find((of) => of.uid === uid && of.time >= since && wanted(of)));
    const shown = ({ source, roleArn, ok, call, error }: ProbeResult) => [source, roleArn, ok, call, error];
    const fromRole = (role: string) => ["containerCredentials", arnOf(role), true, undefined, undefined];
    const failed = (error: string) => [
        "containerCredentials",
        undefined,
        false,
        "eks-auth:AssumeRoleForPodIdentity",
        error,
    ];

    it("has an agent that is Ready on each node, also on one that joins", async () => {
        const nodesWith = async () => (await agentPods()).filter(isReady).map(nodeOf).sort();
        const joined = await sandbox.nodes.add();
        const nodes = Object.keys(await sandbox.nodes.subnets()).sort();
        assert.ok(nodes.includes(joined));
        await until(async () => ((await nodesWith()).length === 3 ? true : undefined));
        assert.deepEqual(await nodesWith(), nodes);
    });

    /**
     * The API server gives a node this taint when it is created (k8s.io/kubernetes plugin/pkg/admission/nodetaint/admission.go), and the node controller
     * takes it when the node is Ready (pkg/controller/nodelifecycle/node_lifecycle_controller.go, doNoScheduleTaintingPass).
     */
    it("has none on a node that joins while the DaemonSet does not tolerate its taint, so that aws-node gets no credentials there", async () => {
        const apps = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(AppsV1Api);
        const agents = { name: "eks-pod-identity-agent", namespace };
        /** Resolves when the DaemonSet controller has seen it: until then, it makes pods of the former template. */
        const tolerate = async (tolerations: V1Toleration[]) => {
            const { metadata } = await apps.patchNamespacedDaemonSet(
                { ...agents, body: { spec: { template: { spec: { tolerations } } } } },
                setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
            );
            await until(async () => {
                const { status } = await apps.readNamespacedDaemonSetStatus(agents);
                return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) || undefined;
            });
        };
        await makeRole("joining");
        await associate("joining");
        await tolerate([{ key: "CriticalAddonsOnly", operator: "Exists" }]);
        const joined = await sandbox.nodes.add();
        const shownNode = async () => {
            const node = await core.readNode({ name: joined });
            const taints = (node.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
            return { ready: isReady(node), taints };
        };
        const uid = await until(async () => {
            const found = (await awsNodes()).find((pod) => nodeOf(pod) === joined);
            return found && uidOf(found);
        });
        const refused = await result(uid, () => true, 0);
        assert.deepEqual(
            [refused.source, refused.ok, refused.error],
            ["containerCredentials", false, "ConnectionRefused"],
        );
        assert.deepEqual(await shownNode(), { ready: false, taints: ["node.kubernetes.io/not-ready:NoSchedule"] });
        assert.ok((await agentPods()).every((pod) => nodeOf(pod) !== joined));
        await tolerate([{ operator: "Exists" }]);
        assert.deepEqual(shown(await result(uid, ({ ok }) => ok)), fromRole("joining"));
        await until(async () => {
            const { ready, taints } = await shownNode();
            return (ready && taints.length === 0) || undefined;
        });
    });

    it("gives a pod the role whose trust policy names its service account, its namespace and its cluster, and no pod of another one", async () => {
        const tags = {
            "kubernetes-namespace": namespace,
            "kubernetes-service-account": "aws-node",
            "eks-cluster-arn": `arn:aws:eks:${sandbox.region}:${sandbox.accountId}:cluster/${sandbox.clusterName}`,
        };
        await makeRole("exact", podIdentityTrust(tags));
        await associate("exact");
        const { node } = await first();
        const uid = await restart(node);
        assert.deepEqual(shown(await result(uid)), fromRole("exact"));
        const [call] = eksAuthCalls(sandbox).filter(({ podUid }) => podUid === uid);
        assert.match(call?.caller ?? "", /assumed-role\/sandbox-nodes\/i-\w+$/);
        assert.deepEqual([call?.serviceAccount, call?.roleArn, call?.error], ["aws-node", arnOf("exact"), undefined]);
        for (const tag of Object.keys(tags)) {
            const PolicyDocument = podIdentityTrust({ ...tags, [tag]: "other" });
            await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "exact", PolicyDocument }));
            assert.deepEqual(shown(await result(await restart(node))), failed("AccessDeniedException"), tag);
        }
    });

    it("shows the container credentials of each container, init containers too", async () => {
        await makeRole("pods");
        await associate("pods");
        const { node } = await first();
        await restart(node);
        const shownOf = (await podCredentials(sandbox.kubeconfigPath)).find((pod) => pod.node === node)?.containers;
        const folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
        const podIdentity = {
            uri: "http://169.254.170.23/v1/credentials",
            tokenFile: `${folder}/eks-pod-identity-token`,
            tokenMounted: true,
        };
        assert.deepEqual(
            shownOf?.map(({ container, ...of }) => [container, of.podIdentity, of.tokenFile]),
            ["aws-vpc-cni-init", "aws-node", "aws-eks-nodeagent"].map((name) => [name, podIdentity, undefined]),
        );
    });

    it("gives no credentials on a node without an agent, and not those of the node role, until an agent is back", async () => {
        await makeRole("pods");
        await associate("pods");
        const { node } = await first();
        await sandbox.podIdentity.agents.set("absent", { nodes: [node] });
        await until(async () => ((await agentPods()).some((pod) => nodeOf(pod) === node) ? undefined : true));
        const uid = await restart(node);
        assert.deepEqual(shown(await result(uid)), failed("ConnectionRefused"));
        assert.equal((await awsNodes()).filter((pod) => nodeOf(pod) === node).some(isReady), false);
        const other = (await awsNodes()).map(nodeOf).find((name) => name !== node) ?? "";
        assert.deepEqual(shown(await result(await restart(other))), fromRole("pods"));
        await sandbox.podIdentity.agents.set("running", { nodes: [node] });
        assert.deepEqual(shown(await result(uid, ({ ok }) => ok)), fromRole("pods"));
    });

    it("gives none on a node whose agent is not Ready", async () => {
        await makeRole("pods");
        await associate("pods");
        const { node } = await first();
        await sandbox.podIdentity.agents.set("notReady", { nodes: [node] });
        const agents = await agentPods();
        assert.deepEqual(agents.filter((pod) => !isReady(pod)).map(nodeOf), [node]);
        const uid = await restart(node);
        assert.deepEqual(shown(await result(uid)), failed("ConnectionRefused"));
        await sandbox.podIdentity.agents.set("running");
        assert.deepEqual(shown(await result(uid, ({ ok }) => ok)), fromRole("pods"));
    });

    it("asks for the right of the node role to call EKS Auth, and for nothing else of it", async () => {
        await makeRole("pods");
        await associate("pods");
        const detach = (PolicyArn: string) => iam.send(new DetachRolePolicyCommand({ RoleName: nodeRole, PolicyArn }));
        await detach(cniPolicy);
        const { node } = await first();
        assert.deepEqual(shown(await result(await restart(node))), fromRole("pods"));
        await detach(workerPolicy);
        const refused = await result(await restart(node));
        assert.deepEqual(shown(refused), failed("AccessDeniedException"));
        assert.match(
            refused.message ?? "",
            /assumed-role\/sandbox-nodes\/i-\w+ is not authorized to perform: eks-auth:AssumeRoleForPodIdentity on resource: arn:aws:eks:us-west-2:\d+:cluster\/sandbox because no identity-based policy/,
        );
    });

    it("reaches a running pod with another role of the association when its credentials are renewed, and not before", async () => {
        await makeRole("before");
        await makeRole("after");
        // A session of 10.8 s, and a renewal by the agent after 5.4 s.
        await sandbox.podIdentity.setTimeFactor(0.0005);
        const id = await associate("before");
        const { node } = await first();
        const uid = await restart(node);
        assert.deepEqual(shown(await result(uid)), fromRole("before"));
        const bornAt = Date.now();
        await change(id, "after");
        const renewed = await result(uid, ({ roleArn }) => roleArn === arnOf("after"));
        const seconds = (renewed.time - bornAt) / 1000;
        assert.ok(seconds > 5 && seconds < 13, `after ${seconds} s`);
        const between = probeResults(sandbox).filter((of) => of.uid === uid && of.time > bornAt);
        assert.ok(between.every(({ ok }) => ok));
        const there = (await awsNodes()).filter((pod) => nodeOf(pod) === node);
        assert.deepEqual(there.map(uidOf), [uid], "the pod has not restarted");
    });

    it("takes the credentials of a running pod when the agent restarts after the association is gone, before they have expired", async () => {
        await makeRole("pods");
        await sandbox.podIdentity.setTimeFactor(0.0005);
        const associationId = await associate("pods");
        const { node } = await first();
        const uid = await restart(node);
        assert.deepEqual(shown(await result(uid)), fromRole("pods"));
        await eks.send(new DeletePodIdentityAssociationCommand({ clusterName: sandbox.clusterName, associationId }));
        await sandbox.podIdentity.agents.restart({ nodes: [node] });
        const gone = await result(uid, ({ ok }) => !ok);
        assert.ok(["ResourceNotFoundException", "ConnectionRefused"].includes(gone.error ?? ""), gone.error);
        assert.deepEqual(shown(await result(uid, ({ error }) => error === "ResourceNotFoundException"))[2], false);
    });

    it("gives a pod the role of before while EKS Auth lags, and none while it does not know the association", async () => {
        await makeRole("before");
        await makeRole("after");
        const { node } = await first();
        await sandbox.podIdentity.setDelays({ eksAuth: ["never", "never"] });
        const id = await associate("before");
        assert.deepEqual(shown(await result(await restart(node))), failed("ResourceNotFoundException"));
        await sandbox.podIdentity.setDelays({ eksAuth: [0, 0] });
        await sandbox.podIdentity.setDelays({ eksAuth: ["never", "never"] });
        await change(id, "after");
        assert.deepEqual(shown(await result(await restart(node))), fromRole("before"));
        await sandbox.podIdentity.setDelays({ eksAuth: [0, 0] });
        assert.deepEqual(shown(await result(await restart(node))), fromRole("after"));
        const seen = associationChanges(sandbox).filter(({ association }) => association?.associationId === id);
        const views = ["eks", "webhooks 1", "webhooks 2", "eksAuth 1", "eksAuth 2"];
        const rolesBy = (view: string) =>
            seen.filter(({ seenBy }) => seenBy === view).map(({ association }) => association?.roleArn);
        views.forEach((view) => assert.deepEqual(rolesBy(view), [arnOf("before"), arnOf("after")], view));
    });

    it("injects credentials into pods by turns while one replica of the webhook does not know the association", async () => {
        await makeRole("pods");
        await sandbox.podIdentity.setDelays({ webhooks: [0, "never"] });
        await associate("pods");
        const { node } = await first();
        const sources: string[] = [];
        for (let count = 0; count < 4; count++) {
            sources.push((await result(await restart(node))).source);
        }
        const [one, other] = [sources[0] ?? "", sources[1] ?? ""];
        assert.deepEqual([new Set(sources).size, sources], [2, [one, other, one, other]]);
        await sandbox.podIdentity.setDelays({ webhooks: [0, 0] });
        assert.deepEqual(shown(await result(await restart(node))), fromRole("pods"));
        assert.deepEqual(shown(await result(await restart(node))), fromRole("pods"));
    });

    it("restarts a container in its pod: no admission, and new credentials by the same token", async () => {
        await makeRole("before");
        await makeRole("after");
        const { node, uid: bare } = await first();
        const id = await associate("before");
        await sandbox.nodes.killContainers({ nodes: [node] });
        const restarts = async () =>
            (await awsNodes()).find((pod) => nodeOf(pod) === node)?.status?.containerStatuses?.[0]?.restartCount;
        await until(async () => ((await restarts()) === 1 ? true : undefined));
        const since = Date.now();
        assert.equal((await result(bare, ({ ok }) => ok, since)).source, "instanceRole");
        const uid = await restart(node);
        assert.deepEqual(shown(await result(uid)), fromRole("before"));
        await change(id, "after");
        await sandbox.podIdentity.agents.restart({ nodes: [node] });
        assert.deepEqual(shown(await result(uid)), fromRole("before"), "the process has its credentials");
        await sandbox.nodes.killContainers({ nodes: [node] });
        const next = await result(uid, ({ roleArn }) => roleArn === arnOf("after"));
        assert.deepEqual(shown(next), fromRole("after"));
    });

    it("keeps credentials that it cannot renew, and a pod that asks for the first time gets none", async () => {
        await makeRole("pods");
        await sandbox.podIdentity.setTimeFactor(0.0005);
        await associate("pods");
        const { node } = await first();
        const uid = await restart(node);
        assert.deepEqual(shown(await result(uid)), fromRole("pods"));
        await sandbox.podIdentity.agents.setEksAuthReachable(false, { nodes: [node] });
        await sleep(6000);
        assert.deepEqual(shown(await result(uid)), fromRole("pods"));
        assert.deepEqual(shown(await result(await restart(node))), failed("RequestTimeout"));
        await sandbox.podIdentity.agents.setEksAuthReachable(true);
    });

    it("has agents by the managed add-on, as a program creates it, and none after its deletion", async () => {
        await sandbox.podIdentity.agents.uninstall();
        await until(async () => ((await agentPods()).length === 0 ? true : undefined));
        const of = { clusterName: sandbox.clusterName, addonName: "eks-pod-identity-agent" };
        await eks.send(new CreateAddonCommand(of));
        await until(async () => ((await agentPods()).filter(isReady).length === 2 ? true : undefined));
        await eks.send(new DeleteAddonCommand(of));
        await until(async () => ((await agentPods()).length === 0 ? true : undefined));
    });

    it("has no agents after they are uninstalled, and has them again after a reset", async () => {
        await sandbox.podIdentity.agents.uninstall();
        await until(async () => ((await agentPods()).length === 0 ? true : undefined));
        await sandbox.reset();
        await until(async () => ((await agentPods()).filter(isReady).length === 2 ? true : undefined));
    });
});
