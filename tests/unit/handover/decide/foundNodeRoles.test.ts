import { deepStrictEqual } from "node:assert/strict";
import { withDetachedBefore, withFoundNodeRoles } from "../../../../handover/decide/foundNodeRoles";
import { policiesNeeded } from "../../../../handover/decide/nodeRolePolicies";
import type { HandOverRecord } from "../../../../handover/model/record";
import { BLUE, sharedAndDetached, sharedWith } from "../support/sharedNodeRoles";
import {
    attach,
    CNI_POLICY,
    inlinePolicy,
    nodeRole,
    OTHER_POLICY,
    record,
    subject,
    withoutPolicies,
} from "../support/worlds";

const nothing = { subject, detachFromNodeRoles: ["nodes"] };
const neverSeen: HandOverRecord = { ...record, nodeRolePolicies: { nodes: [] } };
const managed = { nodes: [CNI_POLICY] };

describe("The record of the node roles that a run found", () => {
    type Found = Partial<Parameters<typeof withFoundNodeRoles>[1]>;
    const rows: [string, HandOverRecord, Found, HandOverRecord][] = [
        [
            "has nothing of roles of this cluster alone",
            neverSeen,
            { nodeRoles: [nodeRole(withoutPolicies)] },
            neverSeen,
        ],
        [
            "has one without policies if the program names a cluster, which may have no instances for now",
            record,
            { nodeRoles: [nodeRole(withoutPolicies)], handedOverClusterArns: [BLUE] },
            { ...record, foundDetached: ["nodes"] },
        ],
        [
            "has its policy too if this component has never seen it attached",
            neverSeen,
            { nodeRoles: [nodeRole(withoutPolicies)], handedOverClusterArns: [BLUE] },
            { ...neverSeen, foundDetached: ["nodes"], detachedBefore: managed },
        ],
        [
            "has none of a role that the program does not list, although it names a cluster",
            neverSeen,
            { nodeRoles: [nodeRole({ ...withoutPolicies, name: "others" })], handedOverClusterArns: [BLUE] },
            neverSeen,
        ],
        ["has nothing of a shared role that holds the policy", record, { nodeRoles: [sharedWith([BLUE])] }, record],
        [
            "has a shared role that has lost its recorded policy",
            record,
            { nodeRoles: [sharedAndDetached(BLUE)] },
            { ...record, foundDetached: ["nodes"] },
        ],
        [
            "has the policy too if this component has never seen it attached",
            neverSeen,
            { nodeRoles: [sharedAndDetached(BLUE)] },
            { ...neverSeen, foundDetached: ["nodes"], detachedBefore: managed },
        ],
        [
            "has a role that the program does not list, for the way back",
            { ...record, nodeRolePolicies: {} },
            { detachFromNodeRoles: [], nodeRoles: [sharedAndDetached(BLUE)] },
            { ...record, nodeRolePolicies: {}, detachedBefore: managed },
        ],
        [
            "has no policy for a role whose other policies suffice",
            neverSeen,
            { nodeRoles: [sharedWith([BLUE], { ...withoutPolicies, inlineCniPolicies: [inlinePolicy("a", true)] })] },
            { ...neverSeen, foundDetached: ["nodes"] },
        ],
        [
            "has no role that is gone",
            neverSeen,
            { nodeRoles: [sharedWith([BLUE], { ...withoutPolicies, exists: false })] },
            neverSeen,
        ],
        [
            "has no policy on IPv6, where AWS has none",
            neverSeen,
            { subject: { ...subject, ipFamily: "ipv6" }, nodeRoles: [sharedAndDetached(BLUE)] },
            { ...neverSeen, foundDetached: ["nodes"], detachedBefore: { nodes: [] } },
        ],
        [
            "forgets what the run before found, and keeps what the way back needs",
            { ...record, foundDetached: ["nodes"], detachedBefore: { more: [CNI_POLICY] } },
            { nodeRoles: [sharedWith([BLUE])] },
            { ...record, foundDetached: [], detachedBefore: { more: [CNI_POLICY] } },
        ],
        [
            "adds to what the way back needs",
            { ...neverSeen, detachedBefore: { more: [CNI_POLICY] } },
            { nodeRoles: [sharedAndDetached(BLUE)] },
            { ...neverSeen, foundDetached: ["nodes"], detachedBefore: { more: [CNI_POLICY], nodes: [CNI_POLICY] } },
        ],
    ];
    for (const [what, before, found, after] of rows) {
        it(what, () => deepStrictEqual(withFoundNodeRoles(before, { ...nothing, nodeRoles: [], ...found }), after));
    }
});

describe("A node role needs of the policies that were detached before", () => {
    const two = { ...record, detachedBefore: { nodes: [CNI_POLICY, OTHER_POLICY] } };

    it("those that it lacks, if it holds none that suffices", () => {
        const insufficient = [{ arn: OTHER_POLICY, kind: "cni" as const, sufficient: false }];
        deepStrictEqual(policiesNeeded(two, nodeRole({ cniPolicies: insufficient })), attach("nodes"));
    });

    it("none if it holds one that suffices", () => deepStrictEqual(policiesNeeded(two, nodeRole()), []));

    it("none where none is recorded", () => {
        deepStrictEqual(policiesNeeded(record, nodeRole(withoutPolicies)), []);
        deepStrictEqual(policiesNeeded(two, nodeRole({ ...withoutPolicies, name: "more" })), []);
    });
});

describe("The record as if the policies had been seen", () => {
    it("has those that were detached before, each once", () => {
        const before = { ...record, detachedBefore: { nodes: [CNI_POLICY, OTHER_POLICY], more: [CNI_POLICY] } };
        deepStrictEqual(withDetachedBefore(before), {
            ...before,
            nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY], more: [CNI_POLICY] },
        });
        deepStrictEqual(withDetachedBefore(record), record);
    });
});
