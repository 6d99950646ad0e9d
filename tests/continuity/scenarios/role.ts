/** Changes that would narrow the role of pods. */
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "../engine/calls";
import type { ComponentArguments } from "../engine/program";
import { createPolicy, type Stage } from "../stage";
import { handedOver, noGaps, type Scenario } from "./scenario";

/** Expects that the update fails. If it does not, the monitor sees for seconds what it did to the pods. */
async function stops(stage: Stage, args: ComponentArguments, words: RegExp): Promise<void> {
    const { outcome, output } = await stage.run("up", args);
    await stage.settled();
    await sleep(outcome === "failed" ? 0 : 5_000);
    assert.match(outcome === "failed" ? output : `up ${outcome}`, words);
}

const boundaryWithoutRights: Scenario = {
    name: "boundary-without-rights",
    title: "a permissions boundary without the CNI's rights: another role fails the proof; then the boundary is removed again",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const permissionsBoundary = await createPolicy(stage.sandbox, "no-network", "s3:GetObject");
        await stage.recordStateBefore();
        const pods = await handedOver(stage);
        await stops(stage, stage.arguments({ permissionsBoundary }), /\[permission-missing\]/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const boundaryUnderFixedName: Scenario = {
    name: "boundary-under-fixed-name",
    title: "with roleName, a permissions boundary: refused; under another name, the new role is proved first, and before the hand-over, destroy and up keep the name",
    quick: false,
    bound: { ...noGaps, rollouts: 3, restarts: 3 },
    play: async (stage) => {
        const permissionsBoundary = await createPolicy(stage.sandbox, "no-network", "s3:GetObject");
        const enough = await createPolicy(stage.sandbox, "network", "ec2:*");
        await stage.recordStateBefore();
        const named = (more: object) => stage.arguments({ roleName: "cni-of-pods", ...more });
        await stage.fails("up", named({ permissionsBoundary }), /\[permission-missing\]/);
        // No pod carries the role, so the second way of the message works under the same name.
        await stage.fails(
            "up",
            named({ permissionsBoundary: enough }),
            /\[role-narrowed\].*pulumi destroy, then pulumi up/,
        );
        await stage.succeeds("destroy", named({}));
        await stage.succeeds("up", named({ permissionsBoundary: enough }));
        await stage.assertHandedOver();
        stage.since = Date.now();
        const pods = await stage.pods();
        const role = stage.currentRoles()["cni-of-pods"];
        await stops(stage, named({ permissionsBoundary }), /\[role-narrowed\]/);
        assert.deepStrictEqual(stage.currentRoles()["cni-of-pods"], role, "the role of the pods was changed");
        // Without a boundary, the role may do more, so it changes in place.
        await stage.succeeds("up", named({}));
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.fails("up", named({ roleName: "another-of-pods", permissionsBoundary }), /\[permission-missing\]/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("up", stage.arguments({ permissionsBoundary: enough }));
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const changedBeforeCanary: Scenario = {
    name: "changed-in-place-before-the-canary",
    title: "up is killed before the canary, and the update that follows would narrow the role in place: refused; then up",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 3 },
    play: async (stage) => {
        const permissionsBoundary = await createPolicy(stage.sandbox, "no-network", "s3:GetObject");
        await stage.recordStateBefore();
        const named = (more: object = {}) => stage.arguments({ roleName: "cni-of-pods", ...more });
        const killBefore = (_: number, { operation }: Call) => /^DELETE pods\//.test(operation);
        await stage.run("up", named(), { killBefore });
        assert.ok(
            (await stage.now()).serviceAccount.annotations["eks.amazonaws.com/role-arn"] !== undefined,
            "there is no annotation",
        );
        await stops(stage, named({ permissionsBoundary }), /\[role-narrowed\]/);
        const [node = ""] = (await stage.pods()).keys();
        await stage.deletePodOn(node);
        await stage.settled();
        await stage.succeeds("up", named());
        await stage.assertHandedOver();
        await stage.succeeds("destroy", named());
        await stage.assertAsBefore();
    },
};

export const role = [boundaryWithoutRights, boundaryUnderFixedName, changedBeforeCanary];
