import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { addOnScenario, moveScenario } from "../../../model/addOnScenarios";
import { assertCatchesDelivery } from "../../../model/assertCatchesDelivery";
import { assertDelivers } from "../../../model/assertDelivers";
import type { Resources } from "../../../model/engine";
import { type AddOnBehaviour, allBehaviours } from "../../../model/managedAddOn";
import {
    dropsTheConfiguration,
    forgetsTheAddOn,
    forgetsTheFormerRole,
    handsBackTheAddOnFirst,
    releasesUnseen,
    remembersThePlugin,
} from "../../../model/plantedDeliveryBugs";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 400),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 60_000, seed: 20261130 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

describe("The managed add-on as the delivery, on the model", function () {
    this.timeout(0);
    const seen = new Set<string>();

    it("costs no pod its path, and every goal is reached, whatever EKS does and wherever a run is killed", async () => {
        await fc.assert(
            fc.asyncProperty(addOnScenario, (of) => assertDelivers(of, undefined, seen)),
            PARAMETERS,
        );
    });

    it("costs no pod its path as the role moves between the component's annotation and the add-on", async () => {
        await fc.assert(
            fc.asyncProperty(moveScenario, (of) => assertDelivers(of, undefined, seen)),
            PARAMETERS,
        );
    });

    it("costs no pod its path in any way in which EKS may write, restart, revert and show an update", async () => {
        const behaviours = allBehaviours();
        assert.equal(behaviours.length, 160);
        const moves = fc.sample(moveScenario, { numRuns: behaviours.length, seed: 18 });
        for (const [index, move] of moves.entries()) {
            const addOn = { ...move.addOn, ...behaviours[index] } as AddOnBehaviour;
            await assertDelivers({ ...move, addOn }, undefined, seen);
        }
    });

    const kinds: [string, RegExp][] = [
        ["the add-on is given a role", /the managed add-on gets arn:.*role\/cni/],
        ["it gives one up", /the managed add-on gives up arn:.*role\/cni/],
        ["it gives up another owner's", /the managed add-on gives up arn:.*role\/theirs/],
        ["it gets that one back", /the managed add-on gets arn:.*role\/theirs/],
        ["the annotation is left to it", /the add-on owns the annotation: the component releases/],
        ["the component keeps its own annotation", /EKS does not own the annotation by server-side apply/],
        ["the annotation is lost with its role", /writing it again|restoring the annotation/],
        ["what it has left is removed", /removing the annotation that it has left/],
        ["EKS does not carry out an update", /\[add-on-update-failed\]/],
        ["a failed update is applied", /is FailedButApplied/],
        ["it is deleted", /\[add-on-missing\]/],
        ["it is deleted with the plugin in the middle of a command", /addOnRemoved during a command/],
        ["a run finds the plugin gone", /\[(service-account|daemon-set)-missing\]/],
        ["a hand-back finds it gone", /there is no DaemonSet, so no pod carries the role/],
        ["the plugin is installed again", /the add-on is created again with no role/],
        ["it is installed again with the role that the pods had", /the add-on is created again with arn:/],
        ["another tool takes the annotation in the middle of a command", /annotationTaken during a command/],
        ["it takes it with its own role", /another tool takes the annotation: foreignRole/],
        ["it takes it with the same role", /another tool takes the annotation: sameRole/],
        ["the annotation of another tool stays", /\[annotation-owned-by-another\]/],
        ["it writes its fields again", /the add-on writes its fields again/],
        ["its role fails on the nodes", /\[canary-failed\]/],
    ];
    for (const [what, kind] of kinds) {
        it(`occurs in these runs: ${what}`, () => {
            assert.ok([...seen].some((line) => kind.test(line)));
        });
    }

    const bugs: [string, Resources, RegExp][] = [
        [
            "releases its annotation without a look at its owners",
            releasesUnseen,
            /the component's release removes the annotation/,
        ],
        ["hands the add-on back before the policies", handsBackTheAddOnFirst, /has no path: it carries the node role/],
        ["forgets the role that the add-on had", forgetsTheFormerRole, /the hand-back is not reached/],
        ["forgets that the add-on carries its role", forgetsTheAddOn, /the hand-back is not reached/],
        ["leaves the configuration out", dropsTheConfiguration, /the configuration of the add-on has changed/],
        ["trusts its last look at a plugin that is gone", remembersThePlugin, /while no pod of the plugin can be seen/],
    ];
    for (const [what, resources, problem] of bugs) {
        it(`is what catches a product that ${what}`, () => assertCatchesDelivery(addOnScenario, resources, problem));
    }
});
