/** The advice of messages, followed. */
import { CreateOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import * as assert from "node:assert";
import { iamClient, type Stage } from "../stage";
import { handedOver, noGaps, type Scenario } from "./scenario";

/** Expects that a destroy with `forceDestroy` is refused, and that it changes nothing. */
async function forceDestroyIsRefused(stage: Stage, args = stage.arguments()): Promise<void> {
    const pods = await stage.pods();
    const roleName = String(stage.outputs()["roleName"]);
    await stage.succeeds("up", { ...args, forceDestroy: true });
    const words = new RegExp(
        `\\[force-destroy-with-pods\\].*the cluster answers, and ${String(pods.size)} of its pods carry`,
    );
    const { output } = await stage.fails("destroy", { ...args, forceDestroy: true }, words);
    assert.match(output, /remove forceDestroy, run pulumi up, then pulumi destroy/);
    assert.ok(roleName in stage.currentRoles(), "the role was deleted under its pods");
    assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
}

const forceDestroyWithPods: Scenario = {
    name: "force-destroy-with-pods",
    title: "forceDestroy on a cluster that lives: refused with the number of its pods; without it, everything is handed back",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        await handedOver(stage);
        await forceDestroyIsRefused(stage);
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const otherClustersAdvice: Scenario = {
    name: "other-clusters-advice",
    title: "a role that trusts another cluster: destroy is refused, with forceDestroy, too; then its advice is followed",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        const { OpenIDConnectProviderArn } = await iamClient(stage.sandbox).send(
            new CreateOpenIDConnectProviderCommand({
                Url: "https://oidc.eks.us-west-2.amazonaws.com/id/ANOTHER0CLUSTER",
                ClientIDList: ["sts.amazonaws.com"],
            }),
        );
        await stage.recordStateBefore();
        const shared = stage.arguments({ additionalOidcProviderArns: [OpenIDConnectProviderArn] });
        await stage.succeeds("up", shared);
        await stage.settled();
        stage.since = Date.now();
        await stage.fails("destroy", shared, /\[other-clusters\].*ANOTHER0CLUSTER/);
        await stage.succeeds("up", shared);
        await forceDestroyIsRefused(stage, shared);
        // No cluster but this one uses the role, so the first part of the advice is done.
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

export const advice = [forceDestroyWithPods, otherClustersAdvice];
