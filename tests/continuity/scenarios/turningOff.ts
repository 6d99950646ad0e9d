/** The live checks are turned off, and the engine is killed meanwhile. */
import * as assert from "node:assert";
import { type Hooks, writesOf } from "../engine/engine";
import type { ComponentArguments } from "../engine/program";
import { NODE_ROLE, type Stage } from "../stage";
import { atEach } from "./atEach";
import { handedOver, noGaps, type Scenario } from "./scenario";

const withoutLiveChecks = (stage: Stage) => ({ clusterName: stage.sandbox.clusterName, liveChecks: false });

/** The node roles get their policies back, which live checks that are turned off would not give them. */
async function handedOverAndKept(stage: Stage): Promise<Map<string, string>> {
    const pods = await handedOver(stage);
    await stage.succeeds("up", kept(stage));
    assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
    return pods;
}

const kept = (stage: Stage, more: ComponentArguments = {}) =>
    stage.arguments({ detachFromNodeRoles: undefined, ...more });

const offAndOn: Scenario = {
    name: "live-checks-off-and-on",
    title: "the live checks are turned off: refused while the policy is detached, and the advice is followed, which restarts every pod once; then on again, which restarts none",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 1 },
    play: async (stage) => {
        const before = await handedOver(stage);
        const off = withoutLiveChecks(stage);
        const refused = /\[policies-detached\].*remove detachFromNodeRoles, and run pulumi up/s;
        await stage.fails("up", off, refused);
        await stage.fails("up", off, refused);
        await stage.fails("destroy", off, refused, { flags: ["--run-program"] });
        assert.deepStrictEqual(await stage.pods(), before, "pods were restarted");
        await stage.succeeds("up", kept(stage));
        await stage.succeeds("up", off);
        const pods = await stage.pods();
        const { calls } = await stage.succeeds("up", off);
        assert.deepStrictEqual(writesOf(calls), [], "a further up writes");
        await onAgain(stage, pods);
    },
};

const offAfterFailure: Scenario = {
    name: "live-checks-off-after-a-failure",
    title: "the live checks are turned off after an update that failed with the policy detached: they attach it as they are deleted",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 1 },
    play: async (stage) => {
        await handedOver(stage);
        const listed = stage.arguments({ detachFromNodeRoles: [NODE_ROLE, "no-such-role"] });
        await stage.fails("up", listed, /\[node-role-missing\]/);
        await stage.succeeds("up", withoutLiveChecks(stage));
        await onAgain(stage, await stage.pods());
    },
};

async function onAgain(stage: Stage, pods: Map<string, string>): Promise<void> {
    await stage.succeeds("up", stage.arguments());
    await stage.assertHandedOver();
    assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
    await stage.succeeds("destroy", stage.arguments());
    await stage.assertAsBefore();
}

/** The service account is annotated with `eks-cni/live-checks: off`, and the engine does not know it. */
const BEFORE_ITS_RECORD: Hooks = { killAfter: (_, { operation }) => operation === "PATCH serviceaccounts/aws-node" };
/** The engine's state has the annotation. No live check is deleted yet. */
const AFTER_ITS_RECORD: Hooks = { killBefore: (_, { operation }) => operation === "PATCH daemonsets/aws-node" };

async function killed(stage: Stage, hooks: Hooks): Promise<void> {
    const { outcome } = await stage.run("up", withoutLiveChecks(stage), hooks);
    assert.strictEqual(outcome, "killed");
}

const destroyed: Scenario = {
    name: "live-checks-off-killed",
    title: "the engine is killed while the live checks are turned off, before and after its state has the annotation, and then destroys, while a pod is created",
    quick: false,
    bound: { ...noGaps, rollouts: 5, restarts: 6 },
    play: async (stage) => {
        for (const hooks of [BEFORE_ITS_RECORD, AFTER_ITS_RECORD]) {
            await stage.succeeds("up", kept(stage));
            await killed(stage, hooks);
            const [node = ""] = (await stage.pods()).keys();
            const start = atEach([/^PATCH serviceaccounts\/aws-node$/], () => stage.deletePodOn(node));
            await stage.succeeds("destroy", kept(stage), start);
            await start.done();
            await stage.assertAsBefore();
        }
    },
};

const continued: Scenario = {
    name: "live-checks-off-killed-and-again",
    title: "the engine is killed while the live checks are turned off, and the update runs again",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 1 },
    play: async (stage) => {
        await handedOverAndKept(stage);
        await killed(stage, BEFORE_ITS_RECORD);
        // The pod template gets the digest now, which it keeps.
        await stage.succeeds("up", withoutLiveChecks(stage));
        const pods = await stage.pods();
        await stage.succeeds("up", kept(stage));
        await killed(stage, AFTER_ITS_RECORD);
        const refused = /\[turning-off-interrupted\].*pulumi up --refresh/s;
        await stage.fails("up", withoutLiveChecks(stage), refused);
        await stage.fails("destroy", withoutLiveChecks(stage), refused, { flags: ["--run-program"] });
        await stage.succeeds("up", withoutLiveChecks(stage), { flags: ["--refresh"] });
        await onAgain(stage, pods);
    },
};

/** The live checks are turned on again until the update succeeds, and then off. */
async function followAdvice(stage: Stage, another: ComponentArguments, disabled: ComponentArguments): Promise<void> {
    await stage.succeeds("up", another);
    await stage.assertHandedOver();
    const pods = await stage.pods();
    await stage.succeeds("up", { ...another, detachFromNodeRoles: undefined });
    await stage.succeeds("up", disabled);
    assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
    await stage.succeeds("up", another);
    await stage.succeeds("destroy", another);
    await stage.assertAsBefore();
}

const withAFormerRole: Scenario = {
    name: "live-checks-off-with-a-former-role",
    title: "the rollout is disabled, and the live checks with it, after a killed update to another role: refused, and the advice is followed",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 3 },
    play: async (stage) => {
        await handedOver(stage);
        const another = stage.arguments({ rolePath: "/cni/" });
        const { outcome } = await stage.run("up", another, {
            // One canary has the new role, and all other pods have the former one.
            killAfter: (_, { operation }) => operation.startsWith("DELETE pods/"),
        });
        assert.strictEqual(outcome, "killed");
        const { clusterName } = stage.sandbox;
        const disabled = { clusterName, rolePath: "/cni/", rollout: { enabled: false } };
        await stage.fails("up", disabled, /\[former-role-carried\].*Turn the live checks on again/s);
        await followAdvice(stage, another, disabled);
    },
};

const withAnotherRole: Scenario = {
    name: "live-checks-off-with-another-role",
    title: "the live checks are turned off in the update to another role, with and without the rollout: refused, and the advice is followed",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const before = await handedOverAndKept(stage);
        const { roleName } = stage.outputs();
        const { clusterName } = stage.sandbox;
        const disabled = { clusterName, rolePath: "/cni/", rollout: { enabled: false } };
        const refused = /\[former-role-carried\].*Turn the live checks on again/s;
        await stage.fails("up", { ...withoutLiveChecks(stage), rolePath: "/cni/" }, refused);
        await stage.fails("up", disabled, refused);
        assert.deepStrictEqual(await stage.pods(), before, "pods were restarted");
        assert.ok(String(roleName) in stage.currentRoles(), "the role was deleted under the pods");
        const another = stage.arguments({ rolePath: "/cni/" });
        await followAdvice(stage, another, disabled);
    },
};

const withItsOwnRole: Scenario = {
    name: "live-checks-off-with-its-own-role-as-existing",
    title: "the component's own role becomes its existingRoleArn as the live checks are turned off: refused, and the advice is followed",
    quick: false,
    // The refused update restarts the pods, since it knows no unique ID of the role, and the one that turns the live checks off does, with the ID; then destroy.
    bound: { ...noGaps, rollouts: 3, restarts: 3 },
    play: async (stage) => {
        await handedOverAndKept(stage);
        const { roleArn, roleName } = stage.outputs();
        const off = withoutLiveChecks(stage);
        const refused = /\[own-role-as-existing\].*Turn the live checks on again\. Remove existingRoleArn/s;
        await stage.fails("up", { ...off, existingRoleArn: roleArn }, refused);
        assert.ok(String(roleName) in stage.currentRoles(), "the role was deleted");
        const pods = await stage.pods();
        await stage.succeeds("up", kept(stage));
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", off);
        await onAgain(stage, await stage.pods());
    },
};

export const turningOff: readonly Scenario[] = [
    offAndOn,
    offAfterFailure,
    destroyed,
    continued,
    withAFormerRole,
    withAnotherRole,
    withItsOwnRole,
];
