/** Changes of the program, on a cluster that was handed over. */
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { roleOfAnotherOwner, trustPolicyOf } from "./roleOfAnotherOwner";
import { nodesBySubnet } from "./rollout";
import { CACHE_MILLISECONDS, handedOver, hasty, noGaps, type Scenario } from "./scenario";

const renamed: Scenario = {
    name: "renamed",
    title: "the component is renamed: refused without an alias; with its old name, and then with an alias, nothing restarts",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        await stage.fails("up", stage.arguments({ component: { name: "network" } }), /\[another-component\].*alias/s);
        // Deletes the resources that the failed update created under the new name: they would conflict with the alias.
        await stage.succeeds("up", stage.arguments());
        await stage.succeeds("up", stage.arguments({ component: { name: "network", aliases: [{ name: "cni" }] } }));
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const moved: Scenario = {
    name: "moved-under-a-parent",
    title: "the component gets a parent: with an alias, nothing restarts; without one, the old guard hands back, and up --refresh hands over again",
    quick: false,
    bound: { ...noGaps, rollouts: 4, restarts: 4 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        await stage.succeeds("up", stage.arguments({ component: { parent: "network", withAlias: true } }));
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        const without = stage.arguments({ component: { parent: "another" } });
        await stage.succeeds("up", without);
        await stage.succeeds("up", without, { flags: ["--refresh"] });
        await stage.assertHandedOver();
        await stage.succeeds("destroy", without);
        await stage.assertAsBefore();
    },
};

const existingRole: Scenario = {
    name: "existing-role",
    title: "a role of another owner replaces the component's own",
    quick: false,
    bound: { ...noGaps, rollouts: 3, restarts: 3 },
    play: async (stage) => {
        const existingRoleArn = await roleOfAnotherOwner(stage, "theirs");
        await stage.recordStateBefore();
        await handedOver(stage);
        await stage.succeeds("up", stage.arguments({ existingRoleArn }));
        await stage.settled();
        await stage.scaleUp();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const existingRoleOfProgram: Scenario = {
    name: "existing-role-of-the-program",
    title: "existingRoleArn is a role of the same program, which the pods carried before: destroy moves them off it before the role goes",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        const annotation = "eks.amazonaws.com/role-arn";
        const args = stage.arguments({ ownRole: trustPolicyOf(stage.sandbox) });
        await stage.succeeds("up", { ...args, component: { absent: true } });
        const roleArn = `arn:aws:iam::${stage.sandbox.accountId}:role/of-the-program`;
        await stage.annotateServiceAccount({ [annotation]: roleArn });
        await sleep(CACHE_MILLISECONDS);
        for (const node of (await stage.pods()).keys()) {
            await stage.deletePodOn(node);
        }
        await stage.settled();
        const pods = await handedOver(stage, args);
        await stage.fails("destroy", args, /no role is restored.*\[annotation-owned-by-another\]/s);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.annotateServiceAccount({ [annotation]: null });
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

const changedAnnotation: Scenario = {
    name: "changed-annotation",
    title: "tokenExpirationSeconds is changed after the detachment, and the canary does not finish in time: no pod returns to the node role",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 3 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const changed = { tokenExpirationSeconds: 7200 };
        await stage.fails("up", hasty(stage, changed), /\[(canary-failed|time-limit)\]/);
        const after = await stage.pods();
        const restarted = (node: string) => after.get(node) !== pods.get(node);
        const canaries = (await nodesBySubnet(stage)).map((nodes) => nodes.filter(restarted).length);
        assert.deepStrictEqual(
            canaries,
            canaries.map(() => 1),
            "other pods than one canary in each subnet were restarted",
        );
        await stage.succeeds("up", stage.arguments(changed));
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments(changed));
        await stage.assertAsBefore();
    },
};

const ownRoleAsExisting: Scenario = {
    name: "own-role-as-existing",
    title: "the component's own role becomes its existingRoleArn: refused, since the engine would delete it; the role of another owner is the way out",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const theirs = await roleOfAnotherOwner(stage, "theirs");
        await stage.recordStateBefore();
        const pods = await handedOver(stage);
        const { roleName, roleArn } = stage.outputs();
        const own = stage.arguments({ existingRoleArn: roleArn });
        await stage.fails("up", own, /\[own-role-as-existing\]/);
        assert.ok(String(roleName) in stage.currentRoles(), "the role was deleted");
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", stage.arguments());
        await stage.succeeds("up", stage.arguments({ existingRoleArn: theirs }));
        await stage.settled();
        await stage.scaleUp();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const deliveryChanged: Scenario = {
    name: "delivery-changed",
    title: "the delivery is changed to external: aws-node goes back to the node role, and the role stays",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        await handedOver(stage);
        const args = { clusterName: stage.sandbox.clusterName, delivery: "external", liveChecks: false };
        await stage.succeeds("up", args);
        await stage.settled();
        await stage.scaleUp();
        assert.ok(String(stage.outputs()["roleName"]) in stage.currentRoles(), "the role was deleted");
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

const otherServiceAccount: Scenario = {
    name: "other-service-account",
    title: "another service account by mistake: refused, and the trust policy of the pods' role is unchanged; then corrected",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const roleName = String(stage.outputs()["roleName"]);
        const role = stage.currentRoles()[roleName];
        const mistaken = stage.arguments({ serviceAccount: { name: "aws-nodes" } });
        await stage.fails("up", mistaken, /\[service-account-missing\]/);
        assert.deepStrictEqual(stage.currentRoles()[roleName], role, "the role of the pods was changed");
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const otherIpFamily: Scenario = {
    name: "other-ip-family",
    title: "ipFamily is changed: refused before anything moves",
    quick: false,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const { iam } = await stage.now();
        await stage.fails("up", stage.arguments({ ipFamily: "ipv6" }), /ipFamily: expected/);
        assert.deepStrictEqual((await stage.now()).iam.roles, iam.roles, "a role was changed");
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
    },
};

export const changes = [
    renamed,
    moved,
    existingRole,
    existingRoleOfProgram,
    changedAnnotation,
    ownRoleAsExisting,
    deliveryChanged,
    otherServiceAccount,
    otherIpFamily,
];
