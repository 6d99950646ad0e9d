import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { isUrgent, rolesWithoutPath, withoutPathLine } from "../../../../handover/decide/withoutPath";
import type { World } from "../../../../handover/model/world";
import {
    carrying,
    incomplete,
    node,
    nodeRole,
    onNodeRole,
    pod,
    pods,
    ROLE,
    terminating,
    withoutPolicies,
    world,
} from "../support/worlds";

const taken = { nodeRoles: [nodeRole(withoutPolicies)] };
const partial = { arn: "arn:aws:iam::111122223333:policy/part", kind: "cni" as const, sufficient: false };
const twoRoles = {
    roleOfInstance: { "i-n1": "nodes", "i-n2": "more", "i-n3": "nodes" },
    nodeRoles: [nodeRole(withoutPolicies), nodeRole({ name: "more", ...withoutPolicies })],
};

describe("The node roles whose pods have no path", () => {
    const rows: [string, World, string[]][] = [
        ["are those that hold no CNI policy", world(onNodeRole, { account: taken }), ["nodes"]],
        ["are none while the policy is attached", world(onNodeRole), []],
        [
            "are not those with a part of the permissions: several policies may suffice",
            world(onNodeRole, { account: { nodeRoles: [nodeRole({ cniPolicies: [partial] })] } }),
            [],
        ],
        [
            "are not those with an inline policy",
            world(onNodeRole, {
                account: {
                    nodeRoles: [
                        nodeRole({ ...withoutPolicies, inlineCniPolicies: [{ name: "own", sufficient: false }] }),
                    ],
                },
            }),
            [],
        ],
        [
            "are not roles that do not exist",
            world(onNodeRole, { account: { nodeRoles: [nodeRole({ ...withoutPolicies, exists: false })] } }),
            [],
        ],
        ["are none where every pod carries a role", world(carrying(ROLE), { account: taken }), []],
        ["are none where the pods have a part of another identity", world(incomplete(ROLE), { account: taken }), []],
        [
            "are those of one pod that does not",
            world(onNodeRole, { account: taken, cluster: { pods: pods(carrying(ROLE), pod("n3", onNodeRole)) } }),
            ["nodes"],
        ],
        [
            "are none where that pod is leaving",
            world(onNodeRole, {
                account: taken,
                cluster: { pods: pods(carrying(ROLE), pod("n3", onNodeRole, terminating)) },
            }),
            [],
        ],
        [
            "are not those of other nodes' pods",
            world(onNodeRole, {
                account: twoRoles,
                cluster: { pods: pods(carrying(ROLE), pod("n2", onNodeRole)) },
            }),
            ["more"],
        ],
        [
            "are not known where the node's instance is not",
            world(onNodeRole, {
                account: taken,
                cluster: { nodes: [node("n1", { instanceId: undefined })] },
            }),
            [],
        ],
    ];
    for (const [what, seen, roles] of rows) {
        it(what, () => deepStrictEqual(rolesWithoutPath(seen), roles));
    }
});

describe("A canary that need not be watched", () => {
    const last = { account: taken, cluster: { pods: pods(carrying(ROLE), pod("n3", onNodeRole)) } };
    const rows: [string, World, string, boolean][] = [
        ["is one of a role without a policy while a pod waits", world(carrying(ROLE), last), "nodes", true],
        ["is none when no pod waits", world(carrying(ROLE), { account: taken }), "nodes", false],
        ["is none of a role that is not known", world(carrying(ROLE), last), "others", false],
        [
            "is none of a role with a policy, though pods of another one wait",
            world(onNodeRole, {
                account: { ...twoRoles, nodeRoles: [nodeRole(), twoRoles.nodeRoles[1] ?? nodeRole()] },
            }),
            "nodes",
            false,
        ],
    ];
    for (const [what, seen, role, urgent] of rows) {
        it(what, () => strictEqual(isUrgent(seen, role), urgent));
    }
});

describe("What the run says of pods without a path", () => {
    it("names the role, and that the run goes on", () => {
        strictEqual(
            withoutPathLine(world(onNodeRole, { account: taken })),
            "the aws-node pods on nodes of nodes have no path to the CNI's permissions now, since this role holds no CNI policy: " +
                "going on at once, since the hand-over gives them one",
        );
    });

    it("names all roles", () => {
        strictEqual(
            withoutPathLine(world(onNodeRole, { account: twoRoles })),
            "the aws-node pods on nodes of nodes, more have no path to the CNI's permissions now, since these roles hold no CNI policy: " +
                "going on at once, since the hand-over gives them one",
        );
    });

    it("is nothing where every pod has one", () => strictEqual(withoutPathLine(world(onNodeRole)), undefined));
});
