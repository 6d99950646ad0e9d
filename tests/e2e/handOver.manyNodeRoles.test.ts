import { CoreV1Api } from "@kubernetes/client-node";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { loadKubeconfig, podCredentials } from "local-eks/kubernetes";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { describeNightly } from "./support/quiet";

/** How many places get a canary: handover/decide/places.ts. The others are tested by the first waves. */
const CANARIES = 10;
/** How long each canary is watched. One after another, they would start at least this far apart. */
const STABLE_SECONDS = 8;

describeNightly("a hand-over with 12 node roles and 24 subnets", () => {
    let sandbox: Sandbox;
    let stack: Stack;

    before(async () => {
        const fleet = { nodes: 12, nodeRoles: 12, subnets: 24 };
        sandbox = await handOverSandbox("many-node-roles", { ...fleet, agents: true, failedStartFactor: 0.02 });
        stack = await handOverStack(sandbox);
        await setArgs(stack, sandbox, {
            detachFromNodeRoles: sandbox.nodeRoleNames,
            roleName: "cni",
            stableSeconds: STABLE_SECONDS,
        });
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    const holdPolicy = async () => {
        const policies = await Promise.all(sandbox.nodeRoleNames.map((name) => iamOf(sandbox).attachedPolicies(name)));
        return policies.filter((all) => all.includes(MANAGED_CNI_POLICY)).length;
    };
    const rolesOfPods = async () => {
        const pods = await podCredentials(sandbox.kubeconfigPath);
        return pods.map(({ containers }) => [...new Set(containers.map(({ roleArn }) => roleArn))].join(" "));
    };

    /** When each pod was created, in seconds, in this order. */
    async function created(): Promise<number[]> {
        const core = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(CoreV1Api);
        const pods = { namespace: "kube-system", labelSelector: "k8s-app=aws-node" };
        const { items } = await core.listNamespacedPod(pods);
        return items
            .map(({ metadata }) => (metadata?.creationTimestamp?.getTime() ?? NaN) / 1000)
            .sort((a, b) => a - b);
    }

    it("up restarts the canaries of the node roles side by side, and detaches the policy from each", async () => {
        await stack.up();
        assert.deepStrictEqual(await rolesOfPods(), new Array(12).fill("arn:aws:iam::111122223333:role/cni"));
        assert.strictEqual(await holdPolicy(), 0);
        const [first = NaN, ...others] = (await created()).slice(0, CANARIES);
        assert.ok((others.at(-1) ?? NaN) - first < STABLE_SECONDS, `${String(first)}, then ${others.join(", ")}`);
    });

    it("destroy gives each node role its policy back, and every pod its node role", async () => {
        await stack.destroy();
        assert.strictEqual(await holdPolicy(), 12);
        assert.deepStrictEqual(await rolesOfPods(), new Array(12).fill(""));
    });
});
