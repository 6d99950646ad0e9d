import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import * as fs from "fs";
import type { Sandbox } from "local-eks";
import { podCredentials } from "local-eks/kubernetes";
import * as path from "path";
import { stateOfBefore } from "../continuity/state/ofBefore";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { handOverSandbox, handOverStack, setArgs } from "./support/handOver";
import { assertQuiet } from "./support/quiet";
import { type SavedState, stateShape } from "./support/stateShape";

/** The shape of the saved state. It left the digest in the pod template out if the pods had carried the role before. */
function savedShape(carriedBefore: boolean): object {
    const file = path.join(__dirname, "../fixtures/states/7762a1c-live.json");
    const text = fs.readFileSync(file, "utf8");
    const digest = /"eks-cni\/delivered": "string"/;
    return JSON.parse(carriedBefore ? text.replace(digest, "") : text) as object;
}

describe("an upgrade of a stack with live checks", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let stack: Stack;
    const pods = async () => uids(await podCredentials(sandbox.kubeconfigPath));

    before(async () => {
        sandbox = await handOverSandbox("upgrade-live");
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
            const state = await stack.exportStack();
            const earlier = stateOfBefore(state.deployment as object, carriedBefore);
            // The program of 7762a1c saved it on a local EKS: states/7762a1c-live.json is its shape.
            assert.deepStrictEqual(stateShape(earlier.deployment as SavedState), savedShape(carriedBefore));
            const { patch, fieldManager: manager } = earlier;
            const file = path.join(sandbox.directory, "before.json");
            fs.writeFileSync(file, JSON.stringify(patch));
            await cluster.kubectl("apply", "--server-side", `--field-manager=${manager}`, "-f", file);
            await cluster.settled();
            await stack.importStack({ ...state, deployment: earlier.deployment });

            const before = await pods();
            const { done, onEvent } = recordEvents();
            await stack.up({ onEvent });
            assert.deepStrictEqual(done(), [
                "delete cni-deletion-order-3",
                "delete cni-deletion-order-4",
                "delete cni-deletion-order-5",
                // Both are retained.
                "delete cni-injection-guard",
                "delete cni-injection-guard-binding",
                "update cni-canary",
                "update cni-daemon-set",
                "update cni-detachment",
            ]);
            const kinds = "validatingadmissionpolicy,validatingadmissionpolicybinding";
            assert.strictEqual((await cluster.kubectl("get", kinds, "-o", "name")).trim().split("\n").length, 2);
            assert.deepStrictEqual(await pods(), before);
            await assertQuiet(stack, sandbox);

            // The component owns nothing of the DaemonSet that another tool upgrades.
            const { metadata } = await cluster.daemonSet();
            const owned = metadata?.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1 as unknown;
            assert.doesNotMatch(JSON.stringify(owned), /f:containers|f:selector|f:labels|f:updateStrategy/);
        }).timeout(600_000);
    }
});
