import * as assert from "assert";
import type { Stack } from "@pulumi/pulumi/automation";
import { type Sandbox, startSandbox } from "local-eks";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { handOverStack, MANAGED_CNI_POLICY, QUICK } from "./support/handOver";
import { iamOf } from "./support/iam";

const NODE_ROLE = "own-nodes";

/** How the program manages all policies of its node role, and its stages. */
const MANAGED_BY = {
    managedPolicyArns: { before: "managed", released: "released", changes: /^create nodes-Amazon/ },
    "exclusive attachments": {
        before: "exclusive",
        released: "exclusive-released",
        changes: /^delete nodes-exclusive$/,
    },
} as const;

Object.entries(MANAGED_BY).forEach(([by, stages], index) => {
    describe(`a program whose node role has ${by}, and that hands over in two updates`, () => {
        let sandbox: Sandbox;
        let stack: Stack;

        const holdsPolicy = async () => (await iamOf(sandbox).attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
        const pods = () => clusterOf(sandbox).awsNodePods();
        const up = async (stage: string) => {
            await stack.setConfig("stage", { value: stage });
            const { done, onEvent } = recordEvents();
            const { outputs } = await stack.up({ onEvent });
            return { outputs, done: done() };
        };

        before(async () => {
            sandbox = await startSandbox({
                name: `e2e-managed-policies-${String(index)}-${String(process.pid)}`,
                newCluster: true,
                podReadySeconds: 0.5,
                enforcementDelaySeconds: 1,
                ownerPid: process.pid,
            });
            stack = await handOverStack(sandbox, "own-node-role");
            await stack.setConfig("clusterName", { value: sandbox.clusterName });
            await stack.setConfig("subnetIds", { value: JSON.stringify(sandbox.subnetIds) });
            await stack.setConfig("args", { value: JSON.stringify(QUICK) });
        });
        after(async () => {
            await stack.workspace.removeStack(stack.name, { force: true });
            await sandbox.stop();
        });

        it("takes it out first: the role does not change, and keeps the CNI policy", async () => {
            await up(stages.before);
            assert.strictEqual(await holdsPolicy(), true);
            const before = uids(await pods());
            const { done } = await up(stages.released);
            assert.deepStrictEqual(
                done.filter((step) => !stages.changes.test(step)),
                [],
            );
            assert.notDeepStrictEqual(done, []);
            assert.strictEqual(await holdsPolicy(), true);
            assert.deepStrictEqual(uids(await pods()), before);
        });

        it("adds the component next, which detaches the policy when every pod carries the role", async () => {
            const { outputs, done } = await up("handed-over");
            assert.ok(!done.includes("update nodes"), done.join(", "));
            assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
            assert.deepStrictEqual(outputs["remainingSteps"]?.value, []);
            assert.strictEqual(await holdsPolicy(), false);
            for (const { ready, containers } of await pods()) {
                assert.ok(ready && containers.every(({ roleArn }) => roleArn !== undefined));
            }
        });
    });
});
