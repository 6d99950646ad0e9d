import { EKSClient, ListPodIdentityAssociationsCommand } from "@aws-sdk/client-eks";
import { AttachRolePolicyCommand, DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { setTimeout as sleep } from "timers/promises";
import { Delivery } from "../../index";
import { NODE_ROLE } from "./support/addOn";
import { spawnDestroy } from "./support/cli";
import { clusterOf, uids } from "./support/cluster";
import { assertOrder, recordEvents, recordWarnings } from "./support/events";
import { refusals, watchGaps } from "./support/faults";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { itNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const AGENT = "eks-pod-identity-agent";
const ROLE_ARN = "eks.amazonaws.com/role-arn";
const CREDENTIALS = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
/** Both parts see an association late, as on EKS. */
const DELAYS = { webhooks: [3, 8], eksAuth: [2, 6] } as const;

describe("the hand-over with Pod Identity as the delivery", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let watched: Awaited<ReturnType<typeof watchGaps>>;

    const set = (args: PlainArgs = {}) =>
        setArgs(stack, sandbox, { delivery: Delivery.PodIdentity, detachFromNodeRoles: [NODE_ROLE], ...args });
    const pods = async () => uids(await cluster.awsNodePods());
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const associations = async () => {
        const { awsEndpoint: endpoint, region, clusterName } = sandbox;
        const eks = new EKSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
        const { associations: found = [] } = await eks.send(new ListPodIdentityAssociationsCommand({ clusterName }));
        return found.map(({ serviceAccount }) => serviceAccount);
    };
    const withCredentials = async () =>
        (await cluster.core.listNamespacedPod({ namespace: "kube-system", labelSelector: "k8s-app=aws-node" })).items
            .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
            .map(
                ({ spec }) =>
                    spec?.containers.every(({ env = [] }) => env.some(({ name }) => name === CREDENTIALS)) ?? false,
            );

    const agentRolledOut = () =>
        cluster.kubectl("rollout", "status", `daemonset/${AGENT}`, "-n", "kube-system", "--timeout=60s");

    async function preview(): Promise<string> {
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
        const { stdout } = await stack.preview();
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "0";
        return stdout;
    }

    const webRoles = async () =>
        (await cluster.awsNodePods()).map(({ containers }) => {
            const [role, ...others] = new Set(containers.map(({ roleArn }) => roleArn));
            return others.length === 0 ? role : others;
        });

    before(async () => {
        sandbox = await handOverSandbox("pod-identity", {
            agents: true,
            podIdentityAgent: true,
            failedStartFactor: 0.02,
            associationDelays: DELAYS,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        await cluster.settled();
        stack = await handOverStack(sandbox);
        watched = await watchGaps(sandbox);
    });
    after(async () => {
        watched.stop();
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });
    afterEach("no pod was without a path", () => {
        assert.deepStrictEqual(watched.gaps(), []);
        assert.deepStrictEqual(refusals(sandbox), []);
    });

    it("stops before it moves a pod if nodes that join could not boot, or had no agent, and names the cure of each", async () => {
        const ofNodes = (name: string) => ({ RoleName: NODE_ROLE, PolicyArn: `arn:aws:iam::aws:policy/${name}` });
        await iam.client.send(new AttachRolePolicyCommand(ofNodes("AmazonEKSWorkerNodeMinimalPolicy")));
        await iam.client.send(new DetachRolePolicyCommand(ofNodes("AmazonEKSWorkerNodePolicy")));
        const only = JSON.stringify([{ key: "CriticalAddonsOnly", operator: "Exists" }]);
        await cluster.kubectl(
            ...["patch", "daemonset", AGENT, "-n", "kube-system", "--type=merge"],
            ...["-p", `{"spec":{"template":{"spec":{"tolerations":${only}}}}}`],
        );
        await agentRolledOut();
        const before = await pods();
        await set();
        assert.match(
            await preview(),
            /The update would stop[^]*does not tolerate node\.kubernetes\.io\/not-ready:NoSchedule/,
        );
        const message = (await failureOf(stack.up())) ?? "";
        assert.match(message, /\[pod-identity-agent\][^]*\[node-role-cannot-boot\]/);
        assert.deepStrictEqual(
            [await pods(), await withCredentials(), await associations()],
            [before, [false, false], []],
        );
        const [, command = "", patch = ""] = /kubectl (patch daemonset [^']*) '([^']*)'\./.exec(message) ?? [];
        await cluster.kubectl(...command.split(" "), patch);
        await agentRolledOut();
        const attach = /aws iam attach-role-policy --role-name (\S+) --policy-arn (\S+)\./.exec(message) ?? [];
        await iam.client.send(new AttachRolePolicyCommand({ RoleName: attach[1], PolicyArn: attach[2] }));
    });

    it("moves the pods from the node role to the association, without an OIDC provider", async () => {
        await set();
        const { steps, onEvent } = recordEvents();
        await stack.up({ onEvent });
        assertOrder(
            steps,
            ...["credential-guard", "association", "canary", "daemon-set", "detachment"].map(
                (child) => `create cni-${child}`,
            ),
        );
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[true, true], false]);
        assert.deepStrictEqual(await associations(), ["aws-node"]);
        assert.deepStrictEqual((await stack.outputs())["remainingSteps"]?.value, []);
    });

    it("a node that joins gets an agent, and its pod the role", async () => {
        const joined = await sandbox.nodes.add();
        const isReady = async () =>
            (await cluster.core.readNode({ name: joined })).status?.conditions?.some(
                ({ type, status }) => type === "Ready" && status === "True",
            );
        for (let i = 0; i < 300 && !(await isReady()); i++) {
            await sleep(100);
        }
        assert.deepStrictEqual([await isReady(), await withCredentials()], [true, [true, true, true]]);
        await sandbox.nodes.remove(joined);
    });

    it("a second up, a preview and a refresh change nothing", async () => {
        const before = await pods();
        const { warnings, onEvent } = recordWarnings();
        await stack.up({ expectNoChanges: true, onEvent });
        await stack.preview({ expectNoChanges: true, onEvent });
        await stack.refresh({ expectNoChanges: true, onEvent });
        assert.deepStrictEqual(warnings, []);
        assert.deepStrictEqual(await pods(), before);
    });

    it("another role moves every pod before the old one goes", async () => {
        const [before, old] = [await pods(), (await stack.outputs())["roleArn"]?.value as string];
        await set({ rolePath: "/another/" });
        await stack.up();
        assert.deepStrictEqual(
            (await pods()).filter((uid) => before.includes(uid)),
            [],
        );
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[true, true], false]);
        assert.strictEqual(await iam.role(old.split("/").at(-1) ?? ""), undefined);
    });

    it("moves the pods to the annotation, over the node roles", async () => {
        const old = (await stack.outputs())["roleArn"]?.value as string;
        await set({ delivery: Delivery.ServiceAccountPatch, rolePath: "/another/" });
        await stack.up();
        const role = (await stack.outputs())["roleArn"]?.value as string;
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[false, false], false]);
        assert.deepStrictEqual([await webRoles(), await associations()], [[role, role], []]);
        assert.strictEqual(await iam.role(old.split("/").at(-1) ?? ""), undefined);
        await stack.up({ expectNoChanges: true });
        await stack.refresh({ expectNoChanges: true });
    });

    it("moves the pods from the annotation to an association, and releases the annotation", async () => {
        const old = (await stack.outputs())["roleArn"]?.value as string;
        await set({ rolePath: "/another/" });
        await stack.up();
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[true, true], false]);
        assert.deepStrictEqual([await webRoles(), await associations()], [[undefined, undefined], ["aws-node"]]);
        assert.strictEqual((await cluster.annotations())[ROLE_ARN], undefined);
        assert.strictEqual(await iam.role(old.split("/").at(-1) ?? ""), undefined);
        await stack.up({ expectNoChanges: true });
        await stack.refresh({ expectNoChanges: true });
    });

    itNightly("goes on with up after a destroy that was killed, whose association is still there", async () => {
        const before = await pods();
        const run = spawnDestroy(stack);
        await run.shows(/excluding the containers of the pod template/);
        await run.kill();
        await stack.cancel();
        assert.deepStrictEqual(await associations(), ["aws-node"]);
        assert.match(await preview(), /\[restart\] An interrupted run has left its Pod Identity association behind\./);
        await stack.up();
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[true, true], false]);
        assert.deepStrictEqual(
            (await pods()).filter((uid) => before.includes(uid)),
            [],
        );
        await stack.up({ expectNoChanges: true });
        await stack.refresh({ expectNoChanges: true });
    });

    it("refuses another writer as the delivery, in the preview, too, and moves nothing", async () => {
        const before = await pods();
        await set({ delivery: Delivery.External, rolePath: "/another/" });
        assert.match(await preview(), /The update would stop[^]*delivery-not-changed/);
        assert.match((await failureOf(stack.up())) ?? "", /delivery-not-changed/);
        assert.deepStrictEqual([await pods(), await holdsPolicy()], [before, false]);
    });

    it("destroy moves the pods to the node role before the association and the role go", async () => {
        await stack.destroy();
        await cluster.settled();
        assert.deepStrictEqual([await withCredentials(), await holdsPolicy()], [[false, false], true]);
        assert.deepStrictEqual(await associations(), []);
    });
});
