import * as fc from "fast-check";
import * as assert from "node:assert/strict";
import { assertCatchesDelivery } from "../../../model/assertCatchesDelivery";
import { assertDelivers } from "../../../model/assertDelivers";
import type { Resources } from "../../../model/engine";
import {
    deletesTheAssociationFirst,
    forgetsTheAssociation,
    keepsTheAnnotation,
    trustsYoungPods,
} from "../../../model/plantedPodIdentityBugs";
import { podIdentityMoveScenario, podIdentityScenario } from "../../../model/podIdentityScenarios";

/** MODEL_RUNS=5000 runs more, and different ones each time. */
const { MODEL_RUNS, MODEL_SEED } = process.env;
const PARAMETERS = {
    numRuns: Number(MODEL_RUNS ?? 100),
    ...(MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 60_000, seed: 20261201 } : {}),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
};

describe("Pod Identity as the delivery, on the model", function () {
    this.timeout(0);
    const seen = new Set<string>();

    it("costs no pod its path as the pods move to an association, from it, and to another role of it", async () => {
        await fc.assert(
            fc.asyncProperty(podIdentityMoveScenario, (of) => assertDelivers(of, undefined, seen)),
            PARAMETERS,
        );
    });

    it("costs no pod its path, and every goal is reached, wherever a run is killed", async () => {
        await fc.assert(
            fc.asyncProperty(podIdentityScenario, (of) => assertDelivers(of, undefined, seen)),
            PARAMETERS,
        );
    });

    const kinds: [string, RegExp][] = [
        ["an association is created", /^associate arn:.*-associated$/],
        ["it gets another role", /^associate arn:.*-associated in place$/],
        ["the containers are excluded from the webhook", /^skip the containers$/],
        ["they are no longer", /^no longer skip the containers$/],
        ["the association is deleted", /^delete the association$/],
        ["the annotation is released", /^remove the role annotation|^release the service account/],
    ];
    for (const [what, kind] of kinds) {
        it(`occurs in these runs: ${what}`, () => {
            assert.ok([...seen].some((line) => kind.test(line)));
        });
    }

    const bugs: [string, Resources, RegExp][] = [
        ["deletes the association first", deletesTheAssociationFirst, /has no path: it carries .*-associated/],
        ["forgets the association", forgetsTheAssociation, /the hand-back is not reached/],
        ["trusts pods that may have the role of before", trustsYoungPods, /has no path: it carries .*-associated/],
        ["keeps the annotation", keepsTheAnnotation, /the hand-over is not reached/],
    ];
    for (const [what, resources, problem] of bugs) {
        it(`is what catches a product that ${what}`, () =>
            assertCatchesDelivery(podIdentityMoveScenario, resources, problem));
    }
});
