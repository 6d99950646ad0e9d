import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreatePodIdentityAssociationCommand, EKSClient } from "@aws-sdk/client-eks";
import {
    AttachRolePolicyCommand,
    CreateRoleCommand,
    DetachRolePolicyCommand,
    GetRoleCommand,
    IAMClient,
    PutRolePolicyCommand,
    UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CoreV1Api, EventsV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { launchInstance } from "../../../cluster/instances";
import type { AgentResult, ProbeResult } from "../../../cluster/podAgent";
import { loadKubeconfig } from "../../../kubeconfigs";
import { agentResults, probeResults } from "../../../logs";
import { podCredentials } from "../../../pods";
import { type Sandbox, startSandbox } from "../../../sandbox";

const cniPolicy = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
const namespace = "kube-system";
const nodes = 2;

describe("A sandbox with agents", function () {
    this.timeout(180_000);
    let sandbox: Sandbox;
    let core: CoreV1Api;
    let iam: IAMClient;
    let aws: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };

    before(async () => {
        sandbox = await startSandbox({
            name: `agents-test-${process.pid}`,
            nodes,
            agents: true,
            podIdentityAgent: true,
            failedStartFactor: 0.05,
            podReadySeconds: 0.2,
            enforcementDelaySeconds: 1,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        core = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(CoreV1Api);
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        aws = { endpoint: sandbox.awsEndpoint, region: sandbox.region, credentials };
        iam = new IAMClient(aws);
    });
    after(() => sandbox.stop());
    afterEach(() => sandbox.reset());

    const pods = () => podCredentials(sandbox.kubeconfigPath);
    const firstPod = async () => {
        const [pod] = await pods();
        assert.ok(pod);
        return pod;
    };
    const results = () => probeResults(sandbox);
    const callsOf = (of: string) => agentResults(sandbox).filter(({ uid }) => uid === of);
    /** The calls of the CNI in a pod that meet a condition. */
    const untilCalled = async (uid: string, wanted: (result: AgentResult) => boolean): Promise<AgentResult> => {
        for (;;) {
            const found = callsOf(uid).find(wanted);
            if (found) {
                return found;
            }
            await sleep(100);
        }
    };
    /** The newest result of the probe of a pod's path after this call. */
    const nextResult = async (uid: string): Promise<ProbeResult> => {
        const since = Date.now();
        for (;;) {
            const found = results()
                .filter((result) => result.uid === uid && result.time > since)
                .at(-1);
            if (found) {
                return found;
            }
            await sleep(100);
        }
    };
    const untilResult = async (uid: string, wanted: (result: ProbeResult) => boolean): Promise<ProbeResult> => {
        for (;;) {
            const result = await nextResult(uid);
            if (wanted(result)) {
                return result;
            }
        }
    };
    const untilReady = async (count: number, except?: string) => {
        const ready = async () => (await pods()).filter((pod) => pod.ready && pod.uid !== except).length;
        while ((await ready()) < count) {
            await sleep(100);
        }
    };
    const remove = async (pod: string) => {
        await core.deleteNamespacedPod({ namespace, name: pod });
        while ((await pods()).some((other) => other.pod === pod)) {
            await sleep(50);
        }
    };
    const newPodOn = async (node: string) => {
        for (;;) {
            const found = (await pods()).find((pod) => pod.node === node);
            if (found && results().some(({ uid }) => uid === found.uid)) {
                return found;
            }
            await sleep(100);
        }
    };
    /** Creates a role for aws-node's service account, and annotates the service account with it. */
    const deliver = async (RoleName: string, policy = true) => {
        const issuer = sandbox.issuer.replace("https://", "");
        const Condition = { StringEquals: { [`${issuer}:sub`]: "system:serviceaccount:kube-system:aws-node" } };
        const statement = {
            Action: "sts:AssumeRoleWithWebIdentity",
            Principal: { Federated: sandbox.oidcProviderArn },
        };
        const AssumeRolePolicyDocument = trust({ ...statement, Condition });
        const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
        if (policy) {
            await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: cniPolicy }));
        }
        await sleep(1200);
        await core.patchNamespacedServiceAccount(
            {
                name: "aws-node",
                namespace,
                body: { metadata: { annotations: { "eks.amazonaws.com/role-arn": Role?.Arn } } },
            },
            setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
        );
        await sleep(500); // The webhook watches service accounts, so it needs a moment to see the change.
        return Role?.Arn ?? "";
    };
    const trust = (statement: object) =>
        JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });

    it("probes as the node's role in a pod without a role of its own, twice a second, while the CNI calls nothing more", async () => {
        const { uid, node, pod } = await firstPod();
        const { time, ...result } = await nextResult(uid);
        const roleArn = `arn:aws:iam::${sandbox.accountId}:role/sandbox-nodes`;
        assert.deepEqual(result, { pod, uid, node, source: "instanceRole", roleArn, ok: true });
        await sleep(3000);
        const since = results().filter((other) => other.uid === uid && other.time > time).length;
        assert.ok(since >= 4 && since <= 7, `${since} results in 3 s`);
        const [start, ...others] = callsOf(uid);
        assert.deepEqual(others, []);
        assert.ok(start?.ok && start.calls.includes("DescribeNetworkInterfaces"), start?.calls.join());
    });

    it("probes as the pod's own role where the webhook has injected one", async () => {
        const roleArn = await deliver("agents-own");
        const { pod, node } = await firstPod();
        await remove(pod);
        const { uid } = await newPodOn(node);
        const result = await nextResult(uid);
        assert.deepEqual([result.source, result.roleArn, result.ok], ["webIdentity", roleArn, true]);
    });

    it("probes as the role of a Pod Identity association, if the role trusts EKS for both actions", async () => {
        const statement = {
            Principal: { Service: "pods.eks.amazonaws.com" },
            Action: ["sts:AssumeRole", "sts:TagSession"],
        };
        const RoleName = "agents-pod-identity";
        const role = { RoleName, AssumeRolePolicyDocument: trust(statement) };
        const roleArn = (await iam.send(new CreateRoleCommand(role))).Role?.Arn;
        await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: cniPolicy }));
        await new EKSClient(aws).send(
            new CreatePodIdentityAssociationCommand({
                clusterName: sandbox.clusterName,
                namespace,
                serviceAccount: "aws-node",
                roleArn,
            }),
        );
        await sleep(1200);
        const { pod, node } = await firstPod();
        await remove(pod);
        const { uid } = await newPodOn(node);
        const result = await nextResult(uid);
        assert.deepEqual([result.source, result.roleArn, result.ok], ["containerCredentials", roleArn, true]);
        const PolicyDocument = trust({ ...statement, Action: "sts:AssumeRole" });
        await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
        await sleep(1200);
        await sandbox.renewAgentSessions();
        const refused = await untilResult(uid, ({ ok }) => !ok);
        assert.equal(refused.error, "AccessDeniedException");
    });

    it("leaves a pod without rights not Ready, with the CNI's event", async () => {
        await deliver("agents-no-rights", false);
        const { pod, node } = await firstPod();
        await remove(pod);
        const born = await newPodOn(node);
        const result = await nextResult(born.uid);
        assert.deepEqual(
            [result.ok, result.call, result.error],
            [false, "ec2:DescribeNetworkInterfaces", "UnauthorizedOperation"],
        );
        await sleep(1500);
        assert.equal((await pods()).find(({ uid }) => uid === born.uid)?.ready, false);
        const events = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(EventsV1Api);
        const { items } = await events.listNamespacedEvent({ namespace });
        const ofPod = items.filter(({ regarding }) => regarding?.uid === born.uid);
        const [event] = ofPod.filter(({ reason }) => reason === "MissingIAMPermissions");
        assert.equal(event?.type, "Warning");
        assert.match(
            event.note ?? "",
            /^Unauthorized operation: failed to call ec2:DescribeNetworkInterfaces due to missing/,
        );
        assert.equal(ofPod.filter(({ reason }) => reason === "MissingIAMPermissions").length, 1);
    });

    it("restarts a container whose start fails, as the kubelet shows it, and starts it with the rights that it got", async () => {
        await deliver("agents-restarts", false);
        const { pod, node } = await firstPod();
        await remove(pod);
        const { pod: name, uid } = await newPodOn(node);
        const container = async () => {
            const { status } = await core.readNamespacedPod({ namespace, name });
            return status?.containerStatuses?.find((of) => of.name === "aws-node") ?? assert.fail();
        };
        const until = async (wanted: (of: Awaited<ReturnType<typeof container>>) => boolean) => {
            for (;;) {
                const seen = await container();
                if (wanted(seen)) {
                    return seen;
                }
                await sleep(100);
            }
        };
        const restarted = await until(({ restartCount }) => restartCount === 1);
        assert.deepEqual([restarted.ready, restarted.lastState?.terminated?.exitCode], [false, 2]);
        const waiting = await until(({ state }) => state?.waiting !== undefined);
        assert.equal(waiting.state?.waiting?.reason, "CrashLoopBackOff");
        assert.equal(callsOf(uid).length, 2, "one attempt for each start");
        const events = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(EventsV1Api);
        const { items } = await events.listNamespacedEvent({ namespace });
        const complaints = items.filter(
            ({ reason, regarding }) => reason === "MissingIAMPermissions" && regarding?.uid === uid,
        );
        assert.deepEqual(
            complaints.map(({ series }) => series?.count),
            [2],
            "one event, which counts the failed starts",
        );
        await iam.send(new AttachRolePolicyCommand({ RoleName: "agents-restarts", PolicyArn: cniPolicy }));
        const ready = await until((of) => of.ready);
        assert.ok(ready.restartCount >= 2);
    });

    it("does not start on a new node without the right to tag its interface, which it needs only once", async () => {
        const rights = (...Action: string[]) =>
            JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
        const PolicyDocument = rights(
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:AssignPrivateIpAddresses",
        );
        const RoleName = "agents-no-tags";
        await deliver(RoleName, false);
        await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "without-tags", PolicyDocument }));
        await sleep(1200);
        const { pod, node } = await firstPod();
        await remove(pod);
        const born = await newPodOn(node);
        const started = await untilCalled(born.uid, () => true);
        assert.deepEqual([started.ok, started.calls.includes("CreateTags")], [true, false]);
        const added = await sandbox.nodes.add();
        const onNewNode = await newPodOn(added);
        const refused = await untilCalled(onNewNode.uid, () => true);
        assert.deepEqual([refused.ok, refused.call], [false, "ec2:CreateTags"]);
        await sandbox.nodes.remove(added);
    });

    it("attaches an interface when a pod of the node needs an address, and stays Ready if that is denied", async () => {
        const { uid, node: nodeName } = await firstPod();
        const containers = [{ name: "app", image: "app" }];
        const body = { metadata: { name: "workload" }, spec: { nodeName, containers } };
        const add = () => core.createNamespacedPod({ namespace: "default", body });
        await add();
        const attached = await untilCalled(uid, ({ calls }) => calls.includes("CreateNetworkInterface"));
        assert.deepEqual([attached.ok, attached.calls.at(-1)], [true, "DescribeSubnets"]);
        const before = callsOf(uid).length;
        await iam.send(new DetachRolePolicyCommand({ RoleName: "sandbox-nodes", PolicyArn: cniPolicy }));
        await untilResult(uid, ({ ok }) => !ok);
        assert.deepEqual(callsOf(uid).slice(before), [], "the CNI does not notice");
        const other = (await pods()).find(({ node }) => node !== nodeName);
        body.metadata.name = "workload-2";
        body.spec.nodeName = other?.node ?? "";
        await add();
        const denied = await untilCalled(other?.uid ?? "", ({ ok }) => !ok);
        assert.deepEqual([denied.call, denied.error], ["ec2:CreateNetworkInterface", "UnauthorizedOperation"]);
        assert.ok((await pods()).every(({ ready }) => ready));
        for (const name of ["workload", "workload-2"]) {
            await core.deleteNamespacedPod({ namespace: "default", name });
        }
    });

    it("feels a detached policy when it is in force, and stays Ready", async () => {
        const { uid } = await firstPod();
        const detached = Date.now();
        await iam.send(new DetachRolePolicyCommand({ RoleName: "sandbox-nodes", PolicyArn: cniPolicy }));
        const failed = await untilResult(uid, ({ ok }) => !ok);
        assert.ok(failed.time - detached >= 1000, "not before it is in force");
        assert.equal(failed.error, "UnauthorizedOperation");
        assert.equal((await firstPod()).ready, true);
    });

    it("feels a broken trust only when its session is renewed", async () => {
        await deliver("agents-trust");
        const { pod, node } = await firstPod();
        await remove(pod);
        const { uid } = await newPodOn(node);
        await untilResult(uid, ({ ok }) => ok);
        const PolicyDocument = trust({ Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" });
        await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "agents-trust", PolicyDocument }));
        await sleep(2000);
        assert.equal((await nextResult(uid)).ok, true);
        await sandbox.renewAgentSessions();
        const failed = await untilResult(uid, ({ ok }) => !ok);
        assert.deepEqual([failed.call, failed.error], ["sts:AssumeRoleWithWebIdentity", "AccessDenied"]);
    });

    it("cannot reach STS from the nodes on request, while an existing session stays valid", async () => {
        const roleArn = await deliver("agents-unreachable");
        await sandbox.setStsReachableFromNodes(false);
        const { pod, node } = await firstPod();
        await remove(pod);
        const { uid } = await newPodOn(node);
        const failed = await nextResult(uid);
        assert.deepEqual([failed.ok, failed.roleArn, failed.error], [false, roleArn, "RequestTimeout"]);
        await sandbox.setStsReachableFromNodes(true);
        await untilResult(uid, ({ ok }) => ok);
        await untilReady(nodes);
        await sandbox.setStsReachableFromNodes(false);
        await sleep(1000);
        assert.equal((await nextResult(uid)).ok, true);
    });

    it("cannot reach STS from one node on request, while another one can", async () => {
        await deliver("agents-one-node");
        const [first, second] = await pods();
        const cutOff = first?.node ?? "";
        await sandbox.setStsReachableFromNodes(false, { nodes: [cutOff] });
        await Promise.all([remove(first?.pod ?? ""), remove(second?.pod ?? "")]);
        const lost = await nextResult((await newPodOn(cutOff)).uid);
        assert.deepEqual([lost.node, lost.ok, lost.error], [cutOff, false, "RequestTimeout"]);
        const other = await nextResult((await newPodOn(second?.node ?? "")).uid);
        assert.deepEqual([other.node, other.ok, other.source], [second?.node, true, "webIdentity"]);
        await sandbox.setStsReachableFromNodes(true, { nodes: [cutOff] });
        await untilReady(nodes);
        await assert.rejects(sandbox.setStsReachableFromNodes(false, { nodes: ["n"] }), /has no node n/);
    });

    it("goes on after its API server was killed", async () => {
        const { uid } = await firstPod();
        await sandbox.restartApiServer();
        assert.equal((await nextResult(uid)).ok, true);
        const { pod, node } = await firstPod();
        await remove(pod);
        await newPodOn(node);
        await untilReady(nodes);
    });

    it("lets a node join, which is Ready by its aws-node, and go away again", async () => {
        const name = await sandbox.nodes.add();
        await untilReady(nodes + 1);
        const { spec } = await core.readNode({ name });
        const id = spec?.providerID?.split("/").at(-1) ?? "";
        const { Reservations } = await new EC2Client(aws).send(new DescribeInstancesCommand({ InstanceIds: [id] }));
        const [instance] = Reservations?.[0]?.Instances ?? [];
        assert.match(instance?.IamInstanceProfile?.Arn ?? "", /instance-profile\/sandbox-nodes$/);
        await sandbox.nodes.remove(name);
        await assert.rejects(core.readNode({ name }), { code: 404 });
        await assert.rejects(sandbox.nodes.remove(name), /The sandbox has no node/);
    });

    it("lets nothing happen on a node whose kubelet is stopped, and everything when it is back", async () => {
        const { pod, node, uid } = await firstPod();
        await sandbox.nodes.stopKubelet(node);
        const ready = ({ status }: Awaited<ReturnType<typeof core.readNode>>) =>
            status?.conditions?.find(({ type }) => type === "Ready")?.status;
        assert.equal(ready(await core.readNode({ name: node })), "Unknown");
        await core.deleteNamespacedPod({ namespace, name: pod });
        const stoppedAt = Date.now() + 600;
        await sleep(2000);
        assert.ok(
            (await pods()).some((other) => other.uid === uid),
            "the deletion hangs",
        );
        assert.ok(!results().some((result) => result.uid === uid && result.time > stoppedAt), "its agent stands still");
        await sandbox.nodes.startKubelet(node);
        assert.equal(ready(await core.readNode({ name: node })), "True");
        await untilReady(nodes, uid);
        assert.ok(!(await pods()).some((other) => other.uid === uid), "the deletion is carried out");
    });

    it("starts every pod that waits for its kubelet, each time that the kubelets start with another delay", async function () {
        this.timeout(60_000);
        for (let round = 0; round < 5; round++) {
            await sandbox.nodes.setPodReadySeconds(120);
            await Promise.all((await pods()).map(({ pod }) => remove(pod)));
            while ((await pods()).filter(({ node }) => node !== "").length < nodes) {
                await sleep(50);
            }
            await sandbox.nodes.setPodReadySeconds(0.2);
            await untilReady(nodes);
        }
    });

    it("is reset to its start within seconds", async () => {
        const account = await core.readNamespacedServiceAccount({ namespace, name: "aws-node" });
        const before = await firstPod();
        await deliver("agents-left");
        await iam.send(new DetachRolePolicyCommand({ RoleName: "sandbox-nodes", PolicyArn: cniPolicy }));
        await launchInstance(new EC2Client(aws), { clusterName: "other", instanceProfile: "sandbox-nodes" });
        await sandbox.nodes.add();
        await sandbox.nodes.stopKubelet(before.node);
        await sandbox.webhook.stop();
        await sandbox.setThrottling({ everyNth: 2 });
        const started = Date.now();
        await sandbox.reset();
        assert.ok(Date.now() - started < 30_000, `it took ${Date.now() - started} ms`);
        await assert.rejects(iam.send(new GetRoleCommand({ RoleName: "agents-left" })), {
            name: "NoSuchEntityException",
        });
        const after = await core.readNamespacedServiceAccount({ namespace, name: "aws-node" });
        assert.deepEqual(after.metadata?.annotations, account.metadata?.annotations);
        assert.deepEqual(
            after.metadata?.managedFields?.map(({ manager }) => manager),
            ["eks"],
        );
        const now = await pods();
        assert.deepEqual([now.length, now.every(({ ready }) => ready)], [nodes, true]);
        const live = { Name: "instance-state-name", Values: ["running"] };
        const { Reservations = [] } = await new EC2Client(aws).send(new DescribeInstancesCommand({ Filters: [live] }));
        assert.equal(Reservations.flatMap(({ Instances = [] }) => Instances).length, nodes);
        assert.equal((await nextResult((await firstPod()).uid)).ok, true);
    });
});
