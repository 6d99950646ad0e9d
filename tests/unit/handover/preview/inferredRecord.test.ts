import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Preflight } from "../../../../handover/model/preflight";
import { inferredRecord, isAnotherRole } from "../../../../handover/preview/inferredRecord";
import { handedOver } from "../support/plans";
import { passingPreflight, seen } from "../support/preflights";
import {
    BROAD_POLICY,
    CNI_POLICY,
    FORMER_ROLE,
    nodeRole,
    ROLE,
    serviceAccount,
    withoutPolicies,
} from "../support/worlds";

const infer = (more: Partial<Preflight>) => inferredRecord({ ...passingPreflight, ...more });
const noGuard = { injectionGuard: { present: false, inForce: false } };
const gpu = nodeRole({ name: "gpu", ...withoutPolicies });

describe("The record that a preview infers", () => {
    it("is none before the component has left anything", () => {
        strictEqual(infer({}), undefined);
        strictEqual(infer({ world: seen({ serviceAccount: undefined }) }), undefined);
        const others = { ...serviceAccount, roleArnOwners: ["helm"] };
        strictEqual(infer({ world: seen({ serviceAccount: others }) }), undefined);
        const guard = { present: true, inForce: true, roleArns: [ROLE] };
        strictEqual(infer({ world: seen({ serviceAccount: undefined, injectionGuard: guard }) }), undefined);
    });

    it("has the annotated role, and the policies that the node roles have lost", () => {
        const annotated = infer({ world: handedOver(noGuard) });
        deepStrictEqual(annotated?.approvedRoleArns, [ROLE]);
        deepStrictEqual(annotated.namedNodeRoles, ["nodes"]);
        deepStrictEqual(annotated.nodeRolePolicies, { nodes: [CNI_POLICY] });
    });

    it("has the role of the program where the guard alone is left", () => {
        const account = { ...serviceAccount, annotations: {}, roleArnOwners: [] };
        const program = { ...passingPreflight.subject, roleArn: FORMER_ROLE };
        const record = infer({ world: handedOver({ serviceAccount: account }), subject: program });
        deepStrictEqual(record?.approvedRoleArns, [FORMER_ROLE]);
        const former = infer({ world: handedOver(), subject: program });
        deepStrictEqual(former?.approvedRoleArns, [ROLE]);
    });

    it("names the role of each node where there is a guard, and those of the program alone where there is none", () => {
        const account = {
            roleOfInstance: { "i-n1": "nodes", "i-n2": "gpu", "i-n3": undefined },
            nodeRoles: [nodeRole(withoutPolicies), gpu],
        };
        const guarded = infer({ world: handedOver({}, account), detachFromNodeRoles: ["nodes", "more"] });
        deepStrictEqual(guarded?.namedNodeRoles, ["nodes", "gpu", "more"]);
        const open = infer({ world: handedOver(noGuard, account), detachFromNodeRoles: ["nodes"] });
        deepStrictEqual(open?.namedNodeRoles, ["nodes"]);
        deepStrictEqual(open.nodeRolePolicies, { nodes: [CNI_POLICY], gpu: [] }, "gpu is not named");
    });

    it("has the policies that a node role still holds as they are", () => {
        const cniPolicies = [CNI_POLICY, BROAD_POLICY].map((arn) => ({
            arn,
            kind: arn === CNI_POLICY ? ("cni" as const) : ("broad" as const),
            sufficient: true,
        }));
        const world = handedOver({}, { nodeRoles: [nodeRole({ cniPolicies })] });
        deepStrictEqual(infer({ world })?.nodeRolePolicies, { nodes: [CNI_POLICY] });
    });
});

describe("Another role", () => {
    it("is about to come where the annotation is another, or there is none", () => {
        const preflight = { ...passingPreflight, world: handedOver() };
        strictEqual(isAnotherRole(preflight), false);
        strictEqual(isAnotherRole({ ...preflight, subject: { ...preflight.subject, roleArn: FORMER_ROLE } }), true);
        strictEqual(isAnotherRole(passingPreflight), true);
        strictEqual(isAnotherRole({ ...preflight, world: handedOver({ serviceAccount: undefined }) }), true);
    });
});
