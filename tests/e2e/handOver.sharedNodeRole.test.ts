import { EC2Client } from "@aws-sdk/client-ec2";
import { DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { launchInstance, type Sandbox } from "local-eks";
import { clusterOf, uids } from "./support/cluster";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, type PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { describeNightly } from "./support/quiet";

const NODE_ROLE = "sandbox-nodes";
const ROLE_ARN = "arn:aws:iam::111122223333:role/cni";
const NAMED: PlainArgs = { detachFromNodeRoles: [NODE_ROLE], roleName: "cni" };
const DETACH = `[detach] ${MANAGED_CNI_POLICY} is detached from ${NODE_ROLE} once every pod carries the role.`;

/** The other clusters consist of an instance each. Their stacks run elsewhere, and their writes to the node role are played here. */
describeNightly("a node role that other clusters use", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    /** The ARNs of the other clusters, one of them in another region. */
    let blue: string;
    let green: string;
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const clientOf = (region: string) => ({ endpoint: sandbox.awsEndpoint, region, credentials });
    const arnOf = (region: string, name: string) => `arn:aws:eks:${region}:111122223333:cluster/${name}`;
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const roles = async () => [
        ...new Set((await cluster.awsNodePods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn))),
    ];
    const up = async (args: PlainArgs, refresh = false) => {
        await setArgs(stack, sandbox, args);
        const { outputs } = await stack.up({ refresh });
        const valueOf = (name: string) => outputs[name]?.value as readonly string[];
        return { detachedFrom: valueOf("detachedFrom"), remaining: valueOf("remainingSteps").join("\n") };
    };
    const planOf = async (args: PlainArgs) => {
        await setArgs(stack, sandbox, args);
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
        const lines: string[] = [];
        await stack.preview({ onEvent: (event) => lines.push(...messagesOf(event)) });
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "0";
        return lines.join("\n");
    };

    before(async () => {
        sandbox = await handOverSandbox("shared-node-role");
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await handOverStack(sandbox);
        const others = { blue: sandbox.region, green: "eu-west-1" };
        [blue, green] = [arnOf(others.blue, "blue"), arnOf(others.green, "green")];
        for (const [clusterName, region] of Object.entries(others)) {
            await launchInstance(new EC2Client(clientOf(region)), { clusterName, instanceProfile: NODE_ROLE });
        }
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("leaves the detachment for later, and the plan says so; everything else goes through", async () => {
        const plan = await planOf(NAMED);
        assert.ok(!plan.includes(DETACH), plan);
        assert.match(
            plan,
            new RegExp(`Remaining steps after the update:\\n +\\[node-role-shared\\] ${NODE_ROLE} keeps`),
        );
        const { detachedFrom, remaining } = await up(NAMED);
        assert.deepStrictEqual([detachedFrom, await roles(), await holdsPolicy()], [[], [ROLE_ARN], true]);
        assert.ok(remaining.includes(`handedOverClusterArns: ["${green}", "${blue}"]`), remaining);
        const guards = await cluster.kubectl("get", "validatingadmissionpolicy", "-o", "name");
        assert.match(guards, /eks-cni/);
    });

    it("is quiet then", async () => {
        const { changeSummary } = await stack.preview({ refresh: true });
        assert.deepStrictEqual(Object.keys(changeSummary), ["same"]);
    });

    it("waits for every cluster to be named", async () => {
        const { remaining } = await up({ ...NAMED, handedOverClusterArns: [blue] });
        assert.match(remaining, new RegExp(`^\\[node-role-shared\\].*Nodes of ${green} use this role too`));
        assert.strictEqual(await holdsPolicy(), true);
    });

    it("loses the policy once they are, and no pod restarts", async () => {
        const pods = uids(await cluster.awsNodePods());
        const all = { ...NAMED, handedOverClusterArns: [blue, green] };
        assert.ok((await planOf(all)).includes(DETACH));
        assert.deepStrictEqual(await up(all), { detachedFrom: [NODE_ROLE], remaining: "" });
        assert.deepStrictEqual([uids(await cluster.awsNodePods()), await holdsPolicy()], [pods, false]);
    });

    it("keeps the policy that another hand-back attaches, until the names have been gone in between", async () => {
        const all = { ...NAMED, handedOverClusterArns: [blue, green] };
        await iam.attachPolicy(NODE_ROLE, MANAGED_CNI_POLICY);
        await stack.refresh();
        const plan = await planOf(all);
        assert.ok(!plan.includes(DETACH), plan);
        assert.match(plan, /\[attached-again\] sandbox-nodes holds/);
        const { detachedFrom, remaining } = await up(all);
        assert.deepStrictEqual([detachedFrom, await holdsPolicy()], [[], true]);
        assert.match(remaining, /^\[attached-again\]/);
        await up(NAMED);
        assert.strictEqual(await holdsPolicy(), true);
        assert.deepStrictEqual(await up(all), { detachedFrom: [NODE_ROLE], remaining: "" });
        assert.strictEqual(await holdsPolicy(), false);
    });

    it("is without the policy before and after an update to another role, which attaches it meanwhile", async () => {
        const other = { ...NAMED, roleName: "cni-next", handedOverClusterArns: [blue, green] };
        assert.deepStrictEqual(await up(other), { detachedFrom: [NODE_ROLE], remaining: "" });
        assert.deepStrictEqual(
            [await roles(), await holdsPolicy()],
            [[ROLE_ARN.replace("role/cni", "role/cni-next")], false],
        );
    });

    it("gets the policy back as soon as a cluster is no longer named, and before any pod returns to it", async () => {
        const only = { ...NAMED, roleName: "cni-next", handedOverClusterArns: [green] };
        assert.match(
            await planOf(only),
            /is attached again to sandbox-nodes, since handedOverClusterArns no longer lists/,
        );
        const { detachedFrom, remaining } = await up(only);
        assert.deepStrictEqual([detachedFrom, await holdsPolicy()], [[], true]);
        assert.match(remaining, new RegExp(`^\\[node-role-shared\\].*Nodes of ${blue} use this role too`));
        await stack.destroy();
        assert.deepStrictEqual([await roles(), await holdsPolicy()], [[undefined], true]);
    });

    it("gets it back from a stack that has never seen it attached: for the pods that have no path, and again at the end", async () => {
        await iam.client.send(new DetachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
        const { detachedFrom, remaining } = await up(NAMED);
        assert.deepStrictEqual([detachedFrom, await holdsPolicy()], [[], true]);
        assert.match(remaining, /^\[node-role-shared\]/);
        const all = { ...NAMED, handedOverClusterArns: [blue, green] };
        assert.deepStrictEqual(await up(all), { detachedFrom: [NODE_ROLE], remaining: "" });
        assert.strictEqual(await holdsPolicy(), false);
        await stack.destroy();
        assert.deepStrictEqual([await roles(), await holdsPolicy()], [[undefined], true]);
    });
});

/** The lines that the engine shows for the component. */
function messagesOf({ diagnosticEvent }: EngineEvent): string[] {
    const { urn = "", message = "" } = diagnosticEvent ?? {};
    return urn.includes("CniServiceAccountRole::") ? message.replace(/<\{%.*?%\}>/g, "").split("\n") : [];
}
