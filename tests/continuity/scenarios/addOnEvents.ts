/** Others change the managed add-on, or its annotation, right before the component's own update of it. */
import * as assert from "node:assert";
import type { Call } from "../engine/calls";
import type { Hooks } from "../engine/engine";
import type { Stage } from "../stage";
import { addOnOf, deliveredIn } from "../state/delivered";
import {
    applyByWriter,
    assertDeliveredBy,
    assertDeliveredByAddOn,
    delivering,
    EKS,
    isAddOnUpdate,
    MANAGER,
    withAddOn,
    WRITER,
} from "./deliveryMoves";
import { roleOfAnotherOwner } from "./roleOfAnotherOwner";
import { noGaps, type Scenario } from "./scenario";

const toAddOn = (stage: Stage) => delivering(stage, { delivery: "eksAddon" });

/** The component has read the add-on, and its update is not at EKS yet. */
function beforeItsUpdate(act: () => Promise<unknown>): Hooks & { readonly hasActed: () => boolean } {
    let acted: Promise<unknown> | undefined;
    return {
        hold: (call: Call) => (acted === undefined && isAddOnUpdate(0, call) ? (acted = act()) : undefined),
        hasActed: () => acted !== undefined,
    };
}

const upgraded: Scenario = {
    name: "add-on-upgraded-amid",
    title: "the managed add-on is upgraded right before it gets the role, and while EKS is busy with it right before it gives it up",
    quick: false,
    // Each upgrade restarts the pods.
    bound: { ...noGaps, rollouts: 4, restarts: 4 },
    play: async (stage) => {
        const { addOn } = stage.sandbox;
        const configuration = async () => (await addOnOf(stage.sandbox))?.configurationValues;
        await withAddOn(stage);
        const before = await configuration();
        const over = beforeItsUpdate(() => addOn.upgrade("v1.23.2-eksbuild.1"));
        await stage.succeeds("up", toAddOn(stage), over);
        assert.ok(over.hasActed());
        await assertDeliveredByAddOn(stage);
        assert.strictEqual((await addOnOf(stage.sandbox))?.addonVersion, "v1.23.2-eksbuild.1");

        let begun: Promise<unknown> = Promise.resolve();
        const under = beforeItsUpdate(async () => {
            begun = addOn.upgrade("v1.23.3-eksbuild.1");
            await stage.until("EKS is busy", async () => (await addOnOf(stage.sandbox))?.status === "UPDATING");
        });
        await stage.succeeds("up", delivering(stage), under);
        assert.ok(under.hasActed());
        await begun;
        await assertDeliveredBy(stage, MANAGER);
        assert.strictEqual((await addOnOf(stage.sandbox))?.addonVersion, "v1.23.3-eksbuild.1");
        assert.strictEqual(await configuration(), before);
        await stage.succeeds("destroy", delivering(stage));
        await stage.assertAsBefore();
    },
};

/** Follows the message. */
async function createsItAgain(stage: Stage, preserve: boolean): Promise<void> {
    const { addOn } = stage.sandbox;
    await withAddOn(stage);
    const gone = beforeItsUpdate(() => addOn.delete({ preserve }));
    await stage.fails("up", toAddOn(stage), /\[add-on-missing\].*aws eks create-addon/s, gone);
    assert.ok(gone.hasActed());
    await addOn.create();
    await stage.succeeds("up", toAddOn(stage), { flags: ["--refresh"] });
    await assertDeliveredByAddOn(stage);
    await stage.succeeds("destroy", toAddOn(stage));
    await stage.assertAsBefore();
}

const preserved: Scenario = {
    name: "add-on-deleted-amid-and-preserved",
    title: "the managed add-on is deleted with preserve right before it gets the role: refused, and its advice followed",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: (stage) => createsItAgain(stage, true),
};

const deleted: Scenario = {
    name: "add-on-deleted-amid",
    title: "the managed add-on is deleted with its pods right before it gets the role: refused, and its advice followed",
    quick: false,
    // No pod of aws-node is left until the add-on is created again.
    bound: { ...noGaps, rollouts: 3, restarts: 2, outageNodeSeconds: 200 },
    play: (stage) => createsItAgain(stage, false),
};

const takenOver: Scenario = {
    name: "add-on-taken-over-amid",
    title: "another tool applies the same role, and then by force its own, right before the managed add-on gets the role; it lets go, as the message says",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const theirs = await roleOfAnotherOwner(stage, "theirs");
        await withAddOn(stage);
        const shared = beforeItsUpdate(async () => applyByWriter(stage, (await deliveredIn(stage.sandbox)).roleArn));
        await stage.succeeds("up", toAddOn(stage), shared);
        await assertDeliveredBy(stage, EKS, `${WRITER} Apply`);
        await applyByWriter(stage);
        await assertDeliveredByAddOn(stage);

        await stage.succeeds("up", delivering(stage));
        await assertDeliveredBy(stage, MANAGER);
        const taken = beforeItsUpdate(() => applyByWriter(stage, theirs, "--force-conflicts"));
        await stage.fails("up", toAddOn(stage), /\[annotation-owned-by-another\].*gitops/s, taken);
        assert.ok(taken.hasActed());
        await applyByWriter(stage);
        await stage.succeeds("up", toAddOn(stage));
        await stage.assertHandedOver();
        await stage.succeeds("destroy", toAddOn(stage));
        await stage.assertAsBefore();
    },
};

export const addOnEvents = [upgraded, preserved, deleted, takenOver];
