import type { Deployment, Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import * as fs from "fs";
import { type Sandbox, startSandbox } from "local-eks";
import { podCredentials } from "local-eks/kubernetes";
import * as path from "path";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { handOverStack, setArgs } from "./support/handOver";
import { assertQuiet } from "./support/quiet";
import type { StateResource } from "./support/states";

const DELIVERED = "eks-cni/delivered";
const MANAGER = "pulumi.com/patchFieldManager";

interface Patch {
    metadata: { annotations: Record<string, string> };
    spec: { template: { metadata: { annotations: Record<string, string> } } };
}

/**
 * The state as 7762a1c saved it, when the DaemonSet's own rolling update restarted the pods: by a digest in the pod template, which was
 * left out if the pods had carried the role before. The canary had other outputs, and nothing counted rollouts.
 */
function asBefore(state: Deployment, carriedBefore: boolean): { state: Deployment; patch: StateResource } {
    const copy = JSON.parse(JSON.stringify(state)) as Deployment;
    const { resources } = copy.deployment as { readonly resources: readonly StateResource[] };
    const byName = (name: string) => resources.find(({ urn }) => urn.endsWith(`::${name}`)) as StateResource;
    const [canary, detachment, patch] = [byName("cni-canary"), byName("cni-detachment"), byName("cni-daemon-set")];
    for (const properties of [canary.inputs, canary.outputs, detachment.inputs, detachment.outputs]) {
        delete properties?.["rollouts"];
    }
    for (const properties of [canary.inputs, canary.outputs]) {
        delete properties?.["proof"];
    }
    Object.assign(canary.outputs ?? {}, { carriedBefore, updateStrategy: "RollingUpdate" });
    for (const properties of [patch.inputs, patch.outputs?.["__inputs"], patch.outputs] as Patch[]) {
        const { [DELIVERED]: digest = "", [MANAGER]: manager = "" } = properties.metadata.annotations;
        properties.metadata.annotations = { [MANAGER]: manager };
        properties.spec.template.metadata.annotations = carriedBefore ? {} : { [DELIVERED]: digest };
    }
    return { state: copy, patch };
}

describe("an upgrade of a stack with live checks", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let stack: Stack;
    const pods = async () => uids(await podCredentials(sandbox.kubeconfigPath));

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-upgrade-live-${String(process.pid)}`,
            ownerPid: process.pid,
            nodes: 2,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
        });
        cluster = clusterOf(sandbox);
        stack = await handOverStack(sandbox);
        await setArgs(stack, sandbox, { detachFromNodeRoles: ["sandbox-nodes"] });
        await stack.up();
    });
    after(async () => {
        await stack.destroy();
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    for (const carriedBefore of [true, false]) {
        const what = carriedBefore ? "whose pods carried the role before" : "that the DaemonSet has rolled out";
        it(`${what} replaces nothing, restarts no pod, and is quiet then`, async () => {
            const { state, patch } = asBefore(await stack.exportStack(), carriedBefore);
            const file = path.join(sandbox.directory, "before.json");
            fs.writeFileSync(file, JSON.stringify(patch.inputs));
            const manager = String(patch.outputs?.["__fieldManager"]);
            await cluster.kubectl("apply", "--server-side", `--field-manager=${manager}`, "-f", file);
            await cluster.settled();
            await stack.importStack(state);

            const before = await pods();
            const { done, onEvent } = recordEvents();
            await stack.up({ onEvent });
            assert.deepStrictEqual(done(), ["update cni-canary", "update cni-daemon-set", "update cni-detachment"]);
            assert.deepStrictEqual(await pods(), before);
            await assertQuiet(stack, sandbox);

            // The component owns nothing of the DaemonSet that another tool upgrades.
            const { metadata } = await cluster.daemonSet();
            const owned = metadata?.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1 as unknown;
            assert.doesNotMatch(JSON.stringify(owned), /f:containers|f:selector|f:labels|f:updateStrategy/);
        }).timeout(600_000);
    }
});
