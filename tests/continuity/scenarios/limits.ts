/**
 * Limits of docs/limits.md that no other scenario plays.
 *
 * Those that cost pods their path have to show it: a limit that no longer shows leaves the page.
 */
import {
    AttachRolePolicyCommand,
    CreateOpenIDConnectProviderCommand,
    DetachRolePolicyCommand,
} from "@aws-sdk/client-iam";
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "../engine/calls";
import { CNI_POLICY, createPolicy, iamClient, NODE_ROLE, type Stage } from "../stage";
import { roleOfAnotherOwner } from "./roleOfAnotherOwner";
import { handedOver, hasty, noGaps, type Scenario } from "./scenario";

/** A limit that costs pods their path. Nodes are without a pod for as long as the scenario lets them be. */
const costs = { podSeconds: "some", canaryPodSeconds: 120, rollouts: 2, restarts: 8, outageNodeSeconds: 300 } as const;

/** Long enough for the monitor and the agents to see that pods have no path. */
const WATCHED_MILLISECONDS = 5000;

/** Kills the run after a write was carried out, before its response arrives. */
const after = (operation: RegExp) => ({ killAfter: (_: number, call: Call) => operation.test(call.operation) });

const nodeRoleHoldsPolicy = (stage: Stage) =>
    stage.currentRoles()[NODE_ROLE]?.attachedPolicyArns.includes(CNI_POLICY) ?? false;

async function attachPolicy({ sandbox }: Stage): Promise<void> {
    await iamClient(sandbox).send(new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: CNI_POLICY }));
}

/** After a repair: every pod carries the program's role, and the node role has lost the policy again. */
async function assertAllCarryRole(stage: Stage): Promise<void> {
    await stage.settled();
    const roles = new Set((await stage.now()).pods.map(({ roleArn }) => roleArn));
    assert.deepStrictEqual([...roles], [stage.outputs()["roleArn"]]);
    assert.ok(!nodeRoleHoldsPolicy(stage), "the node role holds the policy");
}

/** Whether the role was deleted while pods carry it. They keep it: nothing restarts them. */
async function assertLost(stage: Stage, roleName: string): Promise<void> {
    assert.ok(!(roleName in stage.currentRoles()), "the role was not deleted");
    const { pods } = await stage.now();
    assert.ok(
        pods.some(({ roleArn }) => roleArn?.endsWith(`/${roleName}`)),
        "no pod carries the role",
    );
    await sleep(WATCHED_MILLISECONDS);
}

const guardStateLostAndDestroyed: Scenario = {
    name: "guard-state-lost-and-destroyed",
    title: "the credential guard's state is lost (pulumi state delete), then destroy at once, which must show more than zero",
    quick: false,
    bound: costs,
    play: async (stage) => {
        await handedOver(stage);
        const roleName = String(stage.outputs()["roleName"]);
        await stage.deleteFromState("cni-credential-guard");
        await stage.succeeds("destroy", stage.arguments());
        await assertLost(stage, roleName);
        assert.ok(!nodeRoleHoldsPolicy(stage), "a hand-back has attached the policy");
        // The way out. The injection guard is still there, and admits pods with the new role from then on.
        await attachPolicy(stage);
        await stage.succeeds("up", stage.arguments());
        await assertAllCarryRole(stage);
    },
};

/** A boundary that takes every right of the CNI. */
async function boundaryWithoutRights(stage: Stage): Promise<string> {
    const arn = await createPolicy(stage.sandbox, "no-network", "s3:GetObject");
    await stage.recordStateBefore();
    return arn;
}

const continueOnError: Scenario = {
    name: "continue-on-error-twice",
    title: "two failing updates to another role with --continue-on-error; then up",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 3 },
    play: async (stage) => {
        const permissionsBoundary = await boundaryWithoutRights(stage);
        await handedOver(stage);
        const roleName = String(stage.outputs()["roleName"]);
        const timeouts = { ...stage.timeouts, proofSeconds: 3 };
        const fails = () =>
            stage.fails("up", stage.arguments({ permissionsBoundary, timeouts }), /\[permission-missing\]/, {
                flags: ["--continue-on-error"],
            });
        await fails();
        const { output } = await fails();
        assert.match(output, /\[role-not-approved\]/);
        assert.ok(roleName in stage.currentRoles(), "an update has deleted the role");
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const continueAfterCanary: Scenario = {
    name: "continue-on-error-after-the-canary",
    title: "two updates to another role with --continue-on-error, whose canary fails; then up",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 8 },
    play: async (stage) => {
        await handedOver(stage);
        const roleName = String(stage.outputs()["roleName"]);
        const args = stage.arguments({ rolePath: "/cni/" });
        // No pod is stable in time.
        const hasty = { ...args, stableSeconds: 60, timeouts: { ...stage.timeouts, canarySeconds: 6 } };
        const fails = () =>
            stage.fails("up", hasty, /\[(canary-failed|time-limit)\]/, { flags: ["--continue-on-error"] });
        await fails();
        const { output } = await fails();
        assert.match(output, /\[hand-over-unfinished\]/);
        assert.ok(roleName in stage.currentRoles(), "an update has deleted the role");
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

const continueWithoutPolicy: Scenario = {
    name: "continue-on-error-without-a-policy",
    title: "two updates to another role with --continue-on-error, one of whose policies does not exist; then up",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 3 },
    play: async (stage) => {
        await handedOver(stage);
        const roleName = String(stage.outputs()["roleName"]);
        const pods = await stage.pods();
        const additionalPolicyArns = ["arn:aws:iam::111122223333:policy/missing"];
        const incomplete = stage.arguments({ rolePath: "/cni/", additionalPolicyArns });
        for (let times = 0; times < 2; times += 1) {
            await stage.fails("up", incomplete, /NoSuchEntity/, { flags: ["--continue-on-error"] });
            assert.ok(roleName in stage.currentRoles(), "the update has deleted the role");
        }
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", stage.arguments({ rolePath: "/cni/" }));
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments({ rolePath: "/cni/" }));
        await stage.assertAsBefore();
    },
};

const guardReplacedWithRole: Scenario = {
    name: "replace-of-the-guard-with-the-role",
    title: "the guard is replaced by --replace in the update to another role that first names the node roles: refused at its end, and the advice is followed",
    quick: false,
    bound: { ...noGaps, rollouts: 4, restarts: 4 },
    play: async (stage) => {
        await stage.succeeds("up", stage.arguments({ detachFromNodeRoles: undefined }));
        await stage.settled();
        stage.since = Date.now();
        const urn = (stage.props.engine.state().resources ?? []).map((one) => one.urn);
        const [guard = ""] = urn.filter((name) => name.endsWith("::cni-credential-guard"));
        const args = stage.arguments({ rolePath: "/cni/" });
        await stage.fails("up", args, /\[node-role-without-permissions\]/, { flags: ["--replace", guard] });
        await attachPolicy(stage);
        // IAM needs a moment until it enforces the policy.
        await sleep(WATCHED_MILLISECONDS);
        await stage.succeeds("up", args);
        await stage.succeeds("up", args, { flags: ["--refresh"] });
        await stage.assertHandedOver();
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

const destroyedAfterExisting: Scenario = {
    name: "existing-role-failed-and-destroyed",
    title: "an update to the role of another owner fails, and destroy follows",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 8 },
    play: async (stage) => {
        const existingRoleArn = await roleOfAnotherOwner(stage, "theirs");
        await stage.recordStateBefore();
        await handedOver(stage);
        await stage.fails("up", hasty(stage, { existingRoleArn }), /\[(canary-failed|time-limit)\]/);
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const externalAfterFailure: Scenario = {
    name: "delivery-changed-after-a-failure",
    title: "an update to another role fails, and the delivery is changed to external",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 8 },
    play: async (stage) => {
        await handedOver(stage);
        await stage.fails("up", hasty(stage, { rolePath: "/cni/" }), /\[(canary-failed|time-limit)\]/);
        const args = {
            clusterName: stage.sandbox.clusterName,
            rolePath: "/cni/",
            delivery: "external",
            liveChecks: false,
        };
        await stage.succeeds("up", args);
        await stage.settled();
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

const ownRoleGivenUp: Scenario = {
    name: "own-role-as-existing-without-live-checks",
    title: "the component's own role becomes its existingRoleArn after the live checks are turned off, which must show more than zero",
    quick: false,
    bound: costs,
    play: async (stage) => {
        await handedOver(stage);
        await stage.succeeds("up", stage.arguments({ detachFromNodeRoles: undefined }));
        const { roleArn, roleName } = stage.outputs();
        const { clusterName } = stage.sandbox;
        await stage.succeeds("up", { clusterName, liveChecks: false });
        await stage.succeeds("up", { clusterName, existingRoleArn: roleArn, liveChecks: false });
        await assertLost(stage, String(roleName));
    },
};

const killedAsRoleIsCreated: Scenario = {
    name: "killed-as-the-role-is-created",
    title: "up is killed as AWS creates the role: the next up warns of it by its name, makes another one, and leaves the first",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const before = Object.keys(stage.currentRoles());
        await stage.run("up", stage.arguments(), after(/^iam CreateRole /));
        const [orphan = ""] = Object.keys(stage.currentRoles()).filter((name) => !before.includes(name));
        assert.notStrictEqual(orphan, "", "the role was not created");
        const { output } = await stage.succeeds("up", stage.arguments());
        assert.match(output, /interrupted|pending/i, "the engine does not warn");
        await stage.assertHandedOver([], [orphan]);
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore([orphan]);
        assert.ok(orphan in stage.currentRoles(), "the role was deleted: it can leave docs/limits.md");
    },
};

const killedAsPolicyIsAttached: Scenario = {
    name: "killed-as-the-policy-is-attached",
    title: "up is killed as AWS attaches the policy to the new role: destroy is refused by IAM until it is detached by hand",
    quick: false,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        const before = Object.keys(stage.currentRoles());
        await stage.run("up", stage.arguments(), after(/^iam AttachRolePolicy /));
        const [RoleName] = Object.keys(stage.currentRoles()).filter((name) => !before.includes(name));
        await stage.fails("destroy", stage.arguments(), /DeleteConflict/);
        await iamClient(stage.sandbox).send(new DetachRolePolicyCommand({ RoleName, PolicyArn: CNI_POLICY }));
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const killedAsRoleIsDeleted: Scenario = {
    name: "killed-as-the-role-is-deleted",
    title: "destroy is killed as AWS deletes the role: up fails until a refresh, and destroy continues",
    quick: false,
    bound: { ...noGaps, rollouts: 3, restarts: 4 },
    play: async (stage) => {
        const asRoleGoes = after(/^iam DeleteRole /);
        await handedOver(stage);
        await stage.run("destroy", stage.arguments(), asRoleGoes);
        await stage.fails("up", stage.arguments(), /NoSuchEntity/);
        await stage.succeeds("up", stage.arguments(), { flags: ["--refresh"] });
        await stage.assertHandedOver();
        await stage.run("destroy", stage.arguments(), asRoleGoes);
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const destroyWithoutGuard: Scenario = {
    name: "destroy-without-the-guard",
    title: "destroy leaves the credential guard out (--exclude): nothing on the cluster changes, and the next destroy hands back",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const roleName = String(stage.outputs()["roleName"]);
        const { resources = [] } = stage.props.engine.state();
        const guard = resources.find(({ urn }) => urn.endsWith("::cni-credential-guard"))?.urn ?? "";
        await stage.succeeds("destroy", stage.arguments(), { flags: ["--exclude", guard] });
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        assert.ok(roleName in stage.currentRoles(), "the role was deleted");
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const forceDestroyWithoutNetwork: Scenario = {
    name: "force-destroy-without-network",
    title: "forceDestroy while the network to a living cluster is down, with a role of two clusters, which must show more than zero",
    quick: false,
    bound: costs,
    play: async (stage) => {
        const { OpenIDConnectProviderArn } = await iamClient(stage.sandbox).send(
            new CreateOpenIDConnectProviderCommand({
                Url: "https://oidc.eks.us-west-2.amazonaws.com/id/ANOTHER0CLUSTER",
                ClientIDList: ["sts.amazonaws.com"],
            }),
        );
        const shared = { additionalOidcProviderArns: [OpenIDConnectProviderArn] };
        await stage.succeeds("up", stage.arguments(shared));
        await stage.settled();
        stage.since = Date.now();
        const roleName = String(stage.outputs()["roleName"]);
        // No server listens there.
        const server = "https://127.0.0.1:9";
        const kubeconfig = JSON.stringify({
            apiVersion: "v1",
            kind: "Config",
            clusters: [{ name: "down", cluster: { server } }],
            users: [{ name: "down", user: { token: "none" } }],
            contexts: [{ name: "down", context: { cluster: "down", user: "down" } }],
            "current-context": "down",
        });
        const cut = stage.arguments({ ...shared, kubeconfig, forceDestroy: true });
        await stage.succeeds("up", cut);
        const { output } = await stage.succeeds("destroy", cut);
        assert.match(output, /forceDestroy is set, and the cluster does not answer: nothing is restored/);
        assert.match(output, /The role also trusts \S+ANOTHER0CLUSTER: pods there that still carry it fail without it/);
        await assertLost(stage, roleName);
    },
};

const deletedWithAnother: Scenario = {
    name: "deleted-with-another-resource",
    title: "deletedWith on the component: destroy forgets it without a hand-back; the pods keep the role, the node role lacks its policy",
    quick: false,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        const deletedWith = JSON.stringify({
            Version: "2012-10-17",
            Statement: { Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
        });
        const args = stage.arguments({ component: { deletedWith } });
        await stage.succeeds("up", args);
        await stage.settled();
        stage.since = Date.now();
        const pods = await stage.pods();
        const roleName = String(stage.outputs()["roleName"]);
        await stage.succeeds("destroy", args);
        await sleep(WATCHED_MILLISECONDS);
        assert.ok(roleName in stage.currentRoles(), "the role was deleted");
        assert.ok(!nodeRoleHoldsPolicy(stage), "a hand-back has attached the policy");
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
    },
};

const withoutGuard: Scenario = {
    name: "webhook-down-without-the-guard",
    title: "injectionGuard is false, and a pod is created while the webhook is down, which must show more than zero; then refresh and up",
    quick: false,
    bound: costs,
    play: async (stage) => {
        const args = stage.arguments({ injectionGuard: false });
        await stage.succeeds("up", args);
        await stage.settled();
        stage.since = Date.now();
        const [node = ""] = (await stage.pods()).keys();
        await stage.faults.stopWebhook();
        await stage.deletePodOn(node);
        await sleep(WATCHED_MILLISECONDS);
        await stage.faults.startWebhook();
        const { output } = await stage.succeeds("refresh", args);
        assert.match(output, /carries no role of its own/);
        await stage.succeeds("up", args);
        await assertAllCarryRole(stage);
    },
};

const iamSlowerThanWait: Scenario = {
    name: "iam-slower-than-the-wait",
    title: "IAM enforces the policy later than iamPropagationSeconds: the first pod waits for it, which must show more than zero",
    quick: false,
    bound: costs,
    play: async (stage) => {
        const pods = (await handedOver(stage)).size;
        await stage.faults.slowIam(20);
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
        assert.strictEqual((await stage.pods()).size, pods);
    },
};

export const limits = [
    guardStateLostAndDestroyed,
    continueOnError,
    continueAfterCanary,
    continueWithoutPolicy,
    guardReplacedWithRole,
    destroyedAfterExisting,
    externalAfterFailure,
    ownRoleGivenUp,
    killedAsRoleIsCreated,
    killedAsPolicyIsAttached,
    killedAsRoleIsDeleted,
    destroyWithoutGuard,
    forceDestroyWithoutNetwork,
    deletedWithAnother,
    withoutGuard,
    iamSlowerThanWait,
];
