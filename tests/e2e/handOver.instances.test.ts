import { EC2Client, StopInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { launchInstance, type OtherNode, type Sandbox } from "local-eks";
import { clusterOf } from "./support/cluster";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, QUICK, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { assertQuiet, describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const NAMED: PlainArgs = { detachFromNodeRoles: [NODE_ROLE], roleName: "cni" };
const ROLE_ARN = "arn:aws:iam::111122223333:role/cni";

describeNightly("instances with the node role that run no pod of aws-node", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let ec2: EC2Client;
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const allCarry = async (roleArn: string | undefined) =>
        (await cluster.awsNodePods()).every(
            ({ ready, containers }) => ready && containers.every((container) => container.roleArn === roleArn),
        );
    const launch = (tags?: Record<string, string>) =>
        launchInstance(ec2, {
            clusterName: sandbox.clusterName,
            instanceProfile: NODE_ROLE,
            ...(tags !== undefined && { tags }),
        });
    const terminate = (...InstanceIds: string[]) => ec2.send(new TerminateInstancesCommand({ InstanceIds }));

    before(async () => {
        sandbox = await handOverSandbox("instances", { agents: true, failedStartFactor: 0.02 });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        const { awsEndpoint: endpoint, region } = sandbox;
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        ec2 = new EC2Client({ endpoint, region, credentials });
        stack = await handOverStack(sandbox);
        await setArgs(stack, sandbox, NAMED);
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("leave the policy to the role if they may be nodes of another cluster: without tags, and with those of two clusters", async function () {
        this.timeout(600_000);
        await setArgs(stack, sandbox, NAMED);
        const ofTwo = { "kubernetes.io/cluster/sandbox": "owned", "kubernetes.io/cluster/other": "owned" };
        const [stranger, either] = [await launch({}), await launch(ofTwo)];
        const { outputs } = await stack.up();
        const [remaining = ""] = (outputs["remainingSteps"]?.value ?? []) as string[];
        assert.match(remaining, new RegExp(`^\\[node-role-shared\\] ${NODE_ROLE} keeps `));
        assert.match(
            remaining,
            new RegExp(`Instances whose tags name no EKS cluster use it too: ${sandbox.region}/${stranger}\\.`),
        );
        assert.match(remaining, /Nodes of arn:aws:eks:[^ ,]*:cluster\/other use this role too/);
        assert.strictEqual(await allCarry(ROLE_ARN), true);
        assert.strictEqual(await holdsPolicy(), true);
        await stack.destroy();
        assert.strictEqual(await holdsPolicy(), true);
        await terminate(stranger, either);
    });

    it("need not join: other nodes, one of a warm pool, one that never joins; the plan names them, and a refresh is quiet", async function () {
        this.timeout(600_000);
        // No tag of Windows nodes is needed: the cluster has the node.
        const windows = await sandbox.nodes.addOther("windows", { tags: {} });
        const auto = await sandbox.nodes.addOther("auto");
        await sandbox.nodes.addOther("fargate");
        await sandbox.nodes.addOther("hybrid");
        const failed = await launch();
        const warm = await launch();
        await ec2.send(new StopInstancesCommand({ InstanceIds: [warm] }));

        const plan = await planOf(stack);
        assertNames(plan, "other-nodes", [windows, auto].map(nameOf));
        assertNames(plan, "not-joined", [failed, `${warm} (stopped)`]);

        const { stdout } = await stack.up();
        assert.match(stdout, /These instances are not nodes and need not join: /);
        assert.ok(await allCarry(ROLE_ARN));
        assert.strictEqual(await holdsPolicy(), false);
        await assertQuiet(stack, sandbox);

        await stack.destroy();
        assert.ok(await allCarry(undefined));
        assert.strictEqual(await holdsPolicy(), true);
        await terminate(failed, warm);
    });

    it("get time to join without the injection guard, unless they are stopped", async function () {
        this.timeout(400_000);
        const warm = await launch();
        await ec2.send(new StopInstancesCommand({ InstanceIds: [warm] }));
        const joining = await launch();
        const timeouts = { ...QUICK.timeouts, verificationSeconds: 20 };
        await setArgs(stack, sandbox, { ...NAMED, injectionGuard: false, timeouts });
        const failure = (await failureOf(stack.up())) ?? "";
        assert.match(failure, new RegExp(`\\[time-limit\\].*get time to join: ${joining} \\(\\w+\\)`, "s"));
        assert.ok(!failure.includes(warm), failure);
        assert.strictEqual(await holdsPolicy(), true);

        await terminate(joining);
        await stack.up();
        assert.strictEqual(await holdsPolicy(), false);
        await stack.destroy();
        assert.strictEqual(await holdsPolicy(), true);
    });
});

const nameOf = ({ name }: OtherNode) => name;

async function planOf(stack: Stack): Promise<string> {
    stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
    const { stdout } = await stack.preview();
    stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "0";
    return stdout;
}

/** Asserts that the line of the plan with this code has these words. */
function assertNames(plan: string, code: string, words: readonly string[]): void {
    const line = plan.split("\n").find((text) => text.includes(`[${code}]`)) ?? "";
    const missing = words.filter((word) => !line.includes(word));
    assert.deepStrictEqual(missing, [], plan);
}
