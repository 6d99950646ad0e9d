/** The cluster entry in the kubeconfig of the program's own Kubernetes provider changes, so that the engine replaces the provider and its resources. */
import { DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import * as assert from "node:assert";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CNI_POLICY, iamClient, NODE_ROLE, type Stage } from "../stage";
import { handedOver, noGaps, type Scenario } from "./scenario";

/** Until IAM enforces a change, and long enough for a rolling update to show. */
const WATCHED_MILLISECONDS = 8000;

/** The kubeconfig with a setting in its cluster entry that the API server does not notice. */
function kubeconfigWith(stage: Stage, disableCompression: boolean): string {
    const config = JSON.parse(readFileSync(stage.sandbox.kubeconfigPath, "utf8")) as {
        clusters: { cluster: object }[];
    };
    config.clusters.forEach(({ cluster }) => Object.assign(cluster, { "disable-compression": disableCompression }));
    return JSON.stringify(config);
}

const plain: Scenario = {
    name: "provider-replaced-plain-shape",
    title: "without live checks, and with the policy off the node role, the Kubernetes provider is replaced: up stops once, and then goes on",
    quick: false,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        const args = (disableCompression: boolean) => ({
            clusterName: stage.sandbox.clusterName,
            liveChecks: false,
            component: { kubeconfig: kubeconfigWith(stage, disableCompression) },
        });
        await stage.succeeds("up", args(true));
        await withoutPolicy(stage);
        const [pods, before] = [await stage.pods(), await written(stage)];
        const replaced = await stage.run("up", args(false));
        await sleep(WATCHED_MILLISECONDS);
        await stage.succeeds("up", args(false));
        await sleep(WATCHED_MILLISECONDS);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        assert.deepStrictEqual(await written(stage), before);
        assert.strictEqual(replaced.outcome, "failed");
        assert.match(replaced.output, /run pulumi up again: the annotation and the pods stay as they are/);
    },
};

const live: Scenario = {
    name: "provider-replaced-after-the-detachment",
    title: "after the detachment, the Kubernetes provider is replaced: up passes, and touches neither annotation nor pods",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        const args = (disableCompression: boolean) => {
            const kubeconfig = kubeconfigWith(stage, disableCompression);
            return stage.arguments({ kubeconfig, component: { kubeconfig } });
        };
        const pods = await handedOver(stage, args(true));
        const before = await written(stage);
        await stage.succeeds("up", args(false));
        await sleep(WATCHED_MILLISECONDS);
        assert.deepStrictEqual(await written(stage), before);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.assertHandedOver();
        await stage.succeeds("destroy", args(false));
        await stage.assertAsBefore();
    },
};

/** All pods carry the role, and the policy leaves the node role by hand. */
async function withoutPolicy(stage: Stage): Promise<void> {
    await stage.settled();
    await iamClient(stage.sandbox).send(new DetachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: CNI_POLICY }));
    await sleep(WATCHED_MILLISECONDS);
    stage.since = Date.now();
}

/** What the operator's program has written. */
async function written(stage: Stage) {
    const { serviceAccount, templateAnnotations } = await stage.now();
    return { annotations: serviceAccount.annotations, templateAnnotations };
}

export const replacedProvider = [plain, live];
