import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { clusterOf, uids } from "./support/cluster";
import { handOverSandbox, handOverStack, setArgs } from "./support/handOver";
import { assertQuiet, describeNightly } from "./support/quiet";

/** Longer than a test takes: a pod that starts in it stays one that is not Ready yet. */
const LONG_SECONDS = 3600;

describeNightly("a finished stack of a cluster whose nodes come and go", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let stack: Stack;
    const nodesOfPods = async () => (await cluster.awsNodePods()).map(({ node }) => node);
    const until = async (condition: () => Promise<boolean>) => {
        while (!(await condition())) {
            await new Promise((resolve) => setTimeout(resolve, 200));
        }
    };
    /** Whether the injection guard has refused a pod. */
    const isRefused = async () =>
        /eks-cni-/.test(
            await cluster.kubectl(
                "get",
                "events",
                "-n",
                "kube-system",
                "--field-selector",
                "reason=FailedCreate,involvedObject.name=aws-node",
                "-o",
                "jsonpath={.items[*].message}",
            ),
        );

    before(async () => {
        sandbox = await handOverSandbox("autoscaled", { nodes: 3, agents: true, failedStartFactor: 0.02 });
        cluster = clusterOf(sandbox);
        stack = await handOverStack(sandbox);
        await setArgs(stack, sandbox, { detachFromNodeRoles: ["sandbox-nodes"] });
        await stack.up();
    });
    after(async () => {
        await sandbox.nodes.setPodReadySeconds(0.5);
        await stack.destroy();
        await stack.workspace.removeStack(stack.name);
        await sandbox.stop();
    });

    it("is quiet while a pod starts on a new node, a node is NotReady, and a node leaves", async function () {
        this.timeout(600_000);
        await sandbox.nodes.setPodReadySeconds(LONG_SECONDS);
        const joined = await sandbox.nodes.add();
        await until(async () => (await nodesOfPods()).includes(joined));
        const [first = "", second = ""] = (await nodesOfPods()).filter((node) => node !== joined);
        await sandbox.nodes.stopKubelet(first);
        await assertQuiet(stack, sandbox);

        await Promise.all([sandbox.nodes.remove(second), stack.refresh({ expectNoChanges: true })]);
        await stack.up({ expectNoChanges: true, refresh: true });
        await sandbox.nodes.startKubelet(first);
        await sandbox.nodes.setPodReadySeconds(0.5);
    });

    it("is quiet when the webhook restarts, and the injection guard has just refused the pod of a new node", async function () {
        this.timeout(600_000);
        const before = uids(await cluster.awsNodePods());
        await sandbox.webhook.stop();
        const joined = await sandbox.nodes.add();
        await until(isRefused);
        await stack.refresh({ expectNoChanges: true });
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);

        await sandbox.webhook.start();
        await until(async () => (await nodesOfPods()).includes(joined));
        await assertQuiet(stack, sandbox);
    });
});
