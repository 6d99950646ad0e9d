import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { annotationsToRestore, mayRemoveGuard } from "../../../../handover/decide/annotationsToRestore";
import type { NodeRoleSeen, World } from "../../../../handover/model/world";
import { inForce } from "../support/detachments";
import {
    carrying,
    CNI_POLICY,
    FORMER_ROLE,
    nodeRole,
    NOW,
    OTHER_POLICY,
    record,
    ROLE,
    ROLE_ARN,
    seconds,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

const look = (at: number, nodeRoles: readonly NodeRoleSeen[] = [nodeRole()], roleArns = [ROLE]): World =>
    world(carrying(ROLE), { at, cluster: { injectionGuard: { ...inForce, roleArns } }, account: { nodeRoles } });
const first = look(NOW);
const last = look(seconds(30));

describe("The injection guard may be removed to take a rollout back", () => {
    const rows: [string, World | undefined, World | undefined, boolean][] = [
        ["if each node role has had its policies for half a minute", first, last, true],
        ["not before: IAM may show a detachment by an earlier run late", first, look(seconds(29)), false],
        ["not if the run has seen nothing", undefined, last, false],
        ["not without a last look", first, undefined, false],
        ["not if a policy had left at first", look(NOW, [nodeRole(withoutPolicies)]), last, false],
        [
            "not if a policy has left since",
            first,
            look(seconds(30), [nodeRole(), nodeRole({ name: "more", ...withoutPolicies })]),
            false,
        ],
        [
            "whatever a node role lacks that no longer exists",
            first,
            look(seconds(30), [nodeRole({ exists: false, ...withoutPolicies })]),
            true,
        ],
    ];
    const both = { ...record, nodeRolePolicies: { nodes: [CNI_POLICY], more: [CNI_POLICY] } };
    for (const [what, one, other, expected] of rows) {
        it(what, () => strictEqual(mayRemoveGuard(both, one, other), expected));
    }

    it("not if one of several policies on record has left", () => {
        const two = { ...record, nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] } };
        strictEqual(mayRemoveGuard(two, first, last), false);
    });
});

describe("The annotations of a rollout that fails under the injection guard", () => {
    const target = { record, subject, formerAnnotations: {}, isRepair: true };
    const kept = { [ROLE_ARN]: ROLE };

    it("go back to those of before if the guard may be removed", () => {
        deepStrictEqual(annotationsToRestore(target, first, last), {});
    });

    it("stay if it may not", () => {
        deepStrictEqual(annotationsToRestore(target, first, look(seconds(29))), kept);
        const detached = look(seconds(30), [nodeRole(withoutPolicies)]);
        deepStrictEqual(annotationsToRestore(target, first, detached), kept);
    });

    it("go back to another approved role that the guard admits, before it is removed", () => {
        const of = { ...target, record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] } };
        const admits = look(seconds(30), [nodeRole()], [ROLE, FORMER_ROLE]);
        deepStrictEqual(annotationsToRestore(of, first, admits), { [ROLE_ARN]: FORMER_ROLE });
    });
});
