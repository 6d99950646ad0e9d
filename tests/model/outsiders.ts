/** Other owners take the rights of the CNI role, or the policy of a node role. Their time is theirs: only later gaps are problems. */
import * as fc from "fast-check";
import type { ProofFailure } from "../../handover/model/proof";
import type { Scenario, Turn } from "./modelRun";
import { scenario } from "./scenarios";
import { ModelWorld } from "./world";

export type Outsider =
    /** Trust policy, OIDC provider, or the document of policy or boundary: the role's pods get nothing any more. */
    | { readonly kind: "roleBroken"; readonly by: ProofFailure }
    | { readonly kind: "roleRepaired" }
    | { readonly kind: "policyTaken"; readonly role: "a" | "b" };

export function isOutsider(fault: { readonly kind: string }): fault is Outsider {
    return ["roleBroken", "roleRepaired", "policyTaken"].includes(fault.kind);
}

export function injectOutsider(world: ModelWorld, fault: Outsider): void {
    world.note(`** ${Object.values(fault).join(" ")}`);
    switch (fault.kind) {
        case "roleBroken":
            [...world.cniRoles.keys()].forEach((arn) => world.broken.set(arn, fault.by));
            break;
        case "roleRepaired":
            world.broken.clear();
            break;
        case "policyTaken":
            world.take(fault.role);
    }
}

const outsider: fc.Arbitrary<Outsider> = fc.oneof(
    fc.record({
        kind: fc.constant("roleBroken" as const),
        by: fc.constantFrom("trust-refused" as const, "provider-missing" as const, "permission-missing" as const),
    }),
    fc.constant({ kind: "roleRepaired" as const }),
    fc.record({ kind: fc.constant("policyTaken" as const), role: fc.constantFrom("a" as const, "b" as const) }),
);
const moment = fc.nat({ max: 160 }).map((quarters) => quarters * 250);
const outsiders = fc.array(fc.record({ after: moment, fault: outsider }), { maxLength: 2 });

/** A random sequence of operations, faults and kills, with outsiders in each turn. */
export const scenarioWithOutsiders: fc.Arbitrary<Scenario> = fc
    .tuple(scenario, fc.array(outsiders, { minLength: 7, maxLength: 7 }))
    .map(([of, each]) => ({
        ...of,
        turns: of.turns.map((turn, index): Turn => ({ ...turn, faults: [...turn.faults, ...(each[index] ?? [])] })),
    }));
