/** Other interruptions. */
import { RunInstancesCommand } from "@aws-sdk/client-ec2";
import * as assert from "node:assert";
import { ec2Client, NODE_ROLE } from "../stage";
import { atEach, atFirstWave } from "./atEach";
import { noGaps, type Scenario } from "./scenario";

const apiServerRestarted: Scenario = {
    name: "api-server-restarted",
    title: "the API server is restarted in the middle of up and of destroy",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2, outageNodeSeconds: 30 },
    play: async (stage) => {
        const up = atFirstWave(stage, () => stage.faults.restartApiServer());
        // The engine's Kubernetes provider may fail. Another run continues from there.
        const { outcome } = await stage.run("up", stage.arguments(), up);
        await up.done();
        if (outcome !== "succeeded") {
            await stage.succeeds("up", stage.arguments());
        }
        await stage.assertHandedOver();
        const down = atEach([/^PATCH serviceaccounts\/aws-node$/], () => stage.faults.restartApiServer());
        const destroyed = await stage.run("destroy", stage.arguments(), down);
        await down.done();
        if (destroyed.outcome !== "succeeded") {
            await stage.succeeds("destroy", stage.arguments());
        }
        await stage.assertAsBefore();
    },
};

const sharedNodeRole: Scenario = {
    name: "shared-node-role",
    title: "another cluster uses the node role too: refused, and the node role keeps its policies",
    quick: true,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        const pods = await stage.pods();
        const tags = { "kubernetes.io/cluster/another": "owned", "eks:cluster-name": "another" };
        await ec2Client(stage.sandbox).send(
            new RunInstancesCommand({
                ImageId: "ami-12c6146b",
                InstanceType: "m6i.large",
                MinCount: 1,
                MaxCount: 1,
                SubnetId: stage.sandbox.subnetIds[0],
                IamInstanceProfile: { Name: NODE_ROLE },
                TagSpecifications: [
                    { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
                ],
            }),
        );
        await stage.fails("up", stage.arguments(), /\[node-role-shared\].*us-west-2\/i-/);
        const { roles } = (await stage.now()).iam;
        const before = stage.before.iam.roles[NODE_ROLE]?.attachedPolicyArns;
        assert.deepStrictEqual(roles[NODE_ROLE]?.attachedPolicyArns, before, "the shared role lost a policy");
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted before the refusal");
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const engineKilled: Scenario = {
    name: "engine-killed",
    title: "the engine is killed in the rollout and in destroy (many more places: the kill campaign)",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 4 },
    play: async (stage) => {
        await stage.run("up", stage.arguments(), { killAtMilliseconds: 9000 });
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.run("destroy", stage.arguments(), { killAtMilliseconds: 5000 });
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

export const others = [apiServerRestarted, sharedNodeRole, engineKilled];
