import type { Stack } from "@pulumi/pulumi/automation";
import { type Sandbox, startSandbox } from "local-eks";
import { clusterOf } from "./cluster";
import { handOverStack, MANAGED_CNI_POLICY, QUICK } from "./handOver";
import { iamOf } from "./iam";

/** The node role that the program `own-node-role` creates. */
export const NODE_ROLE = "own-nodes";

/** A stack of `programs/own-node-role`, on a sandbox without a cluster. */
export interface OwnNodeRole {
    readonly sandbox: Sandbox;
    readonly stack: Stack;
    readonly holdsPolicy: () => Promise<boolean>;
    readonly pods: () => ReturnType<ReturnType<typeof clusterOf>["awsNodePods"]>;
    readonly stop: () => Promise<void>;
}

export async function startOwnNodeRole(test: string): Promise<OwnNodeRole> {
    const sandbox = await startSandbox({
        name: `e2e-${test}-${String(process.pid)}`,
        newCluster: true,
        failedStartFactor: 0.02,
        podReadySeconds: 0.5,
        enforcementDelaySeconds: 1,
        ownerPid: process.pid,
    });
    const stack = await handOverStack(sandbox, "own-node-role");
    await stack.setConfig("clusterName", { value: sandbox.clusterName });
    await stack.setConfig("subnetIds", { value: JSON.stringify(sandbox.subnetIds) });
    await stack.setConfig("args", { value: JSON.stringify(QUICK) });
    return {
        sandbox,
        stack,
        holdsPolicy: async () => (await iamOf(sandbox).attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY),
        pods: () => clusterOf(sandbox).awsNodePods(),
        stop: async () => {
            await stack.workspace.removeStack(stack.name, { force: true });
            await sandbox.stop();
        },
    };
}
