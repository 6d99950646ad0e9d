import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
    attachStep,
    GiveBackTarget,
    hasPropagated,
    nextGiveBackStep,
    notGivenBack,
} from "../../../../handover/decide/giveBack";
import { refusals } from "../../../../handover/model/refusals";
import type { Memory } from "../../../../handover/model/steps";
import type { NodeRoleSeen } from "../../../../handover/model/world";
import {
    attach,
    withoutPolicies,
    carrying,
    CNI_POLICY,
    fresh,
    nodeRole,
    NOW,
    OTHER_POLICY,
    record,
    memoryWith,
    ROLE,
    seconds,
    subject,
    world,
} from "../support/worlds";

const both = { ...record, nodeRolePolicies: { nodes: [CNI_POLICY], more: [CNI_POLICY] } };
const target: GiveBackTarget = { record: both, roleNames: ["nodes", "more"], iamPropagationSeconds: 120 };
const BACK = "attaching the recorded policies again to nodes, more";
const AWAIT_PROPAGATION = {
    do: "awaitPropagation",
    milliseconds: 120_000,
    why: "waiting 120 s for IAM to enforce the policies of the node roles",
};
const DONE = { do: "done", why: "nodes, more hold the recorded policies" };
const propagated = memoryWith({ propagatedAt: seconds(-1) });

describe("Attaching the policies to the node roles again", () => {
    const rows: [string, NodeRoleSeen[], object, Partial<GiveBackTarget>?, Memory?][] = [
        [
            "attaches what is missing on each of them",
            [nodeRole(withoutPolicies), nodeRole({ ...withoutPolicies, name: "more" })],
            { do: "attach", policies: attach("nodes", "more"), why: BACK },
        ],
        [
            "attaches also where the run has settled before",
            [nodeRole(), nodeRole({ ...withoutPolicies, name: "more" })],
            { do: "attach", policies: attach("more"), why: BACK },
            {},
            propagated,
        ],
        [
            "attaches to a role without nodes",
            [nodeRole(), nodeRole({ ...withoutPolicies, name: "more", instancesOfCluster: [] })],
            { do: "attach", policies: attach("more"), why: BACK },
        ],
        [
            "attaches nothing to a role without nodes that belongs to the same program",
            [nodeRole(), nodeRole({ ...withoutPolicies, name: "more", instancesOfCluster: [] })],
            DONE,
            { record: { ...both, ownNodeRoles: ["more"] } },
            propagated,
        ],
        [
            "attaches nothing that no longer exists",
            [nodeRole(withoutPolicies), nodeRole({ ...withoutPolicies, name: "more" })],
            { do: "attach", policies: attach("more"), why: BACK },
            {},
            memoryWith({ gone: attach("nodes") }),
        ],
        ["settles when nothing is missing", [nodeRole()], AWAIT_PROPAGATION],
        ["is done when it has settled", [nodeRole()], DONE, {}, propagated],
        ["is done at once where nothing is about to rely on it", [nodeRole()], DONE, { iamPropagationSeconds: 0 }],
        [
            "is done for one",
            [nodeRole()],
            { do: "done", why: "nodes holds the recorded policies" },
            { roleNames: ["nodes"] },
            propagated,
        ],
    ];
    for (const [what, nodeRoles, step, more, memory = fresh] of rows) {
        it(what, () => {
            const seen = world(carrying(ROLE), { account: { nodeRoles } });
            deepStrictEqual(nextGiveBackStep({ ...target, ...more }, seen, memory), step);
        });
    }
});

describe("The warnings about roles that get nothing back", () => {
    const idle = { ...withoutPolicies, instancesOfCluster: [] };
    const own = { ...both, ownNodeRoles: ["nodes", "more"] };
    const warning = (name: string) =>
        `warning: ${name} has no nodes and belongs to this program, so it does not get ${CNI_POLICY} again. If the role stays, run ` +
        `before its next node joins: aws iam attach-role-policy --role-name ${name} --policy-arn ${CNI_POLICY}`;
    const rows: [string, NodeRoleSeen[], string[], Partial<GiveBackTarget>?][] = [
        ["carry the command", [nodeRole({ ...idle, name: "more" })], [warning("more")]],
        ["name each role", [nodeRole(idle), nodeRole({ ...idle, name: "more" })], [warning("nodes"), warning("more")]],
        ["are not for a role with nodes", [nodeRole(withoutPolicies)], []],
        [
            "are not for a role with instances elsewhere",
            [nodeRole({ ...idle, instancesElsewhere: ["us-west-2/i-9"] })],
            [],
        ],
        ["are not for a role that holds its policies", [nodeRole({ instancesOfCluster: [] })], []],
        ["are not for a role that is gone", [nodeRole({ ...idle, exists: false })], []],
        ["are not for a role that was not named", [nodeRole(idle)], [], { roleNames: ["more"] }],
        ["are not for another owner's role", [nodeRole(idle)], [], { record: both }],
    ];
    for (const [what, nodeRoles, lines, { record: of = own, roleNames = target.roleNames } = {}] of rows) {
        it(what, () => deepStrictEqual(notGivenBack(of, roleNames, { roleOfInstance: {}, nodeRoles }), lines));
    }
});

describe("An attachment", () => {
    const attachRequested = memoryWith({ attachedAt: seconds(-29), attached: attach("nodes") });
    const other = { roleName: "nodes", policyArn: OTHER_POLICY };
    const rows: [string, Memory, ReturnType<typeof attach>, "attach" | "wait"][] = [
        ["is made where nothing was asked for", fresh, attach("nodes"), "attach"],
        ["is waited for when it was asked for just now", attachRequested, attach("nodes"), "wait"],
        ["is made when another role's was asked for", attachRequested, attach("more"), "attach"],
        ["is made when another policy's was asked for", attachRequested, [other], "attach"],
        ["is made when only a part of it was asked for", attachRequested, [...attach("nodes"), other], "attach"],
        [
            "is made again after half a minute",
            { ...attachRequested, attachedAt: seconds(-30) },
            attach("nodes"),
            "attach",
        ],
    ];
    for (const [what, memory, policies, expected] of rows) {
        it(what, () => {
            strictEqual(attachStep(policies, memory, NOW, "").do, expected);
        });
    }
});

describe("What was attached", () => {
    const rows: [string, number | undefined, number | undefined, boolean][] = [
        ["has not settled where nothing was waited for", undefined, undefined, false],
        ["has settled when it was waited for after it", 2, 1, true],
        ["has settled when that ended in the same moment", 2, 2, true],
        ["has not settled when that was before it", 1, 2, false],
        ["has settled where a former run attached it", 1, undefined, true],
        ["has not settled when there was no wait since", undefined, 1, false],
    ];
    for (const [what, propagatedAt, attachedAt, expected] of rows) {
        it(what, () => {
            strictEqual(hasPropagated(memoryWith({ propagatedAt, attachedAt })), expected);
        });
    }
});

describe("Before a move to Pod Identity, which sends the pods of a failed wave over the node roles", () => {
    const moving: GiveBackTarget = {
        record: { ...record, nodeRolePolicies: { nodes: [CNI_POLICY] }, namedNodeRoles: ["nodes"] },
        roleNames: ["nodes"],
        iamPropagationSeconds: 120,
        movesToPodIdentity: subject,
    };
    const step = (nodeRoles: NodeRoleSeen[], more: Partial<GiveBackTarget> = {}, memory: Memory = fresh) =>
        nextGiveBackStep(
            { ...moving, ...more },
            world(carrying(ROLE), {
                account: { nodeRoles, roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "bare" } },
            }),
            memory,
        );
    const bare = nodeRole({ ...withoutPolicies, name: "bare" });

    it("the policies are attached again to a role that has them on record", () =>
        deepStrictEqual(step([nodeRole(withoutPolicies), nodeRole({ name: "bare" })]), {
            do: "attach",
            policies: attach("nodes"),
            why: "attaching the recorded policies again to nodes",
        }));

    it("a role that never held them refuses the move, before another role gets its policies", () => {
        const refused = { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions([bare], subject) };
        deepStrictEqual([step([nodeRole(), bare]), step([nodeRole(withoutPolicies), bare])], [refused, refused]);
    });

    it("roles that hold them only wait for IAM, and then it is done", () => {
        const all = [nodeRole(), nodeRole({ name: "bare" })];
        const none = { roleNames: [] };
        deepStrictEqual(
            [step(all), step(all, none), step(all, none, propagated), step(all, { ...none, iamPropagationSeconds: 0 })],
            [
                AWAIT_PROPAGATION,
                { ...AWAIT_PROPAGATION, why: "waiting 120 s for IAM to enforce the role" },
                { do: "done", why: "no node role had lost a policy" },
                { do: "done", why: "no node role had lost a policy" },
            ],
        );
    });

    it("no role refuses another update", () =>
        deepStrictEqual(step([nodeRole(), bare], { movesToPodIdentity: undefined }), AWAIT_PROPAGATION));

    it("a role whose recorded policy is gone refuses the move, whatever else it holds", () => {
        const other = nodeRole({ cniPolicies: [{ arn: OTHER_POLICY, kind: "cni", sufficient: false }] });
        const recorded = { ...moving.record, nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] } };
        const gone = memoryWith({ gone: attach("nodes") });
        const bothHeld = nodeRole({ name: "bare" });
        deepStrictEqual(
            [step([other, bothHeld], { record: recorded }, gone), step([other, bothHeld], { record: recorded })],
            [
                { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions([other], subject) },
                { do: "attach", policies: attach("nodes"), why: "attaching the recorded policies again to nodes" },
            ],
        );
    });
});
