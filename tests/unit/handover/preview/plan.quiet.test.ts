import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { planHandOver, PlanInputs, restartsNothing } from "../../../../handover/preview/plan";
import { handedOver, planInputs } from "../support/plans";
import { passingPreflight } from "../support/preflights";
import { CNI_POLICY, nodeRole, OTHER_POLICY, record, withoutPolicies } from "../support/worlds";
import type { World } from "../../../../handover/model/world";

const plan = (of: World, more: Partial<PlanInputs> = {}, preflight: Partial<PlanInputs["preflight"]> = {}) =>
    planHandOver({ ...planInputs, ...more, preflight: { ...passingPreflight, ...preflight, world: of } });
const former = { record, policiesAdded: [] as string[], policiesRemoved: [] as string[] };

describe("The plan of an update that restarts no pod", () => {
    it("says what the role gets and loses, with the number of policies", () => {
        const changes = (policiesAdded: string[], policiesRemoved: string[]) =>
            plan(handedOver(), { former: { ...former, policiesAdded, policiesRemoved } }).changes;
        deepStrictEqual(changes(["one"], []), ["[policies] The role gets 1 policy: one."]);
        deepStrictEqual(changes(["one", "two"], [OTHER_POLICY]), [
            "[policies] The role gets 2 policies: one, two.",
            `[policies] The role loses 1 policy: ${OTHER_POLICY}.`,
        ]);
        deepStrictEqual(changes([], []), []);
    });

    it("gives a role that leaves detachFromNodeRoles its policy back, by the record, without an injection guard too", () => {
        const unguarded = handedOver({ injectionGuard: { present: false, inForce: false } });
        const without = { injectionGuard: false, detachFromNodeRoles: [] };
        const { changes } = plan(unguarded, { former, detachFromNodeRoles: undefined }, without);
        deepStrictEqual(changes, [
            `[attach] ${CNI_POLICY} is attached again to nodes, since detachFromNodeRoles no longer lists it.`,
        ]);
    });

    it("names a node role that joined later with the policy among the remaining steps", () => {
        const roleOfInstance = { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "late" };
        const joined = handedOver(
            {},
            { roleOfInstance, nodeRoles: [nodeRole(withoutPolicies), nodeRole({ name: "late" })] },
        );
        // The credential guard does not act, so that nothing refuses.
        const { changes, remaining, refusals } = plan(joined, { record, canaryActs: false });
        deepStrictEqual([refusals, changes], [[], []]);
        deepStrictEqual(remaining, [
            '[detach] The node role late still holds the CNI policy. To detach it, set detachFromNodeRoles: ["nodes", "late"]',
        ]);
    });

    for (const [line, nothing] of [
        ["[detach] a policy", true],
        ["[annotate] the account", true],
        ["[canary] a pod", false],
        ["[restart] pods", false],
        ["[wait] for a node", false],
    ] as const) {
        it(`${nothing ? "may be" : "is not"} one with the line ${line}`, () => {
            strictEqual(restartsNothing({ refusals: [], changes: [line], remaining: [] }), nothing);
        });
    }
});
