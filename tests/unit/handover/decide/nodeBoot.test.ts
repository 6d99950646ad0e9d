import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { bootGap, lostByOthers } from "../../../../handover/decide/nodeBoot";
import type { NodeRoleSeen, World } from "../../../../handover/model/world";
import { allows, CNI, MINIMAL, WORKER } from "../support/nodeBoot";
import { CNI_POLICY, node, nodeRole, onNodeRole, OTHER_POLICY, world } from "../support/worlds";

const withPolicies = (...policies: NonNullable<NodeRoleSeen["policies"]>) => nodeRole({ policies });
const seen = (role: NodeRoleSeen, ...names: string[]): World =>
    world(onNodeRole, {
        cluster: { nodes: names.map((name, i) => node(name, { instanceId: `i-n${String(i + 1)}` })) },
        account: {
            nodeRoles: [role],
            roleOfInstance: Object.fromEntries(names.map((_, i) => [`i-n${String(i + 1)}`, "nodes"])),
        },
    });
const NOT_ALLOWED = { overruling: [], uncertain: [], isAllowed: false };

describe("Nodes of a role", () => {
    const minimal = withPolicies(MINIMAL, CNI);
    const rows: [string, NodeRoleSeen, World, object | undefined][] = [
        ["boot with the policy that stays", withPolicies(WORKER, CNI), seen(nodeRole(), "n1"), undefined],
        ["do not boot without the one that leaves", minimal, seen(minimal, "ip-10-0-0-1"), NOT_ALLOWED],
        ["do not boot if it has left", { ...withPolicies(MINIMAL), cniPolicies: [] }, seen(minimal, "n1"), NOT_ALLOWED],
        [
            "boot with a policy that is not the one to detach",
            withPolicies(allows(OTHER_POLICY, "ec2:Describe*"), CNI),
            seen(minimal, "n1"),
            undefined,
        ],
        ["are not judged in a world without policies", nodeRole(), seen(minimal, "n1"), undefined],
        [
            "boot without it if all have the IDs of their instances as names",
            minimal,
            seen(minimal, "i-0a", "i-0b"),
            undefined,
        ],
        ["do not if one has not", minimal, seen(minimal, "i-0a", "ip-10-0-0-1"), NOT_ALLOWED],
        ["do not if a name only begins so", minimal, seen(minimal, "i-0a.eu-west-1.compute.internal"), NOT_ALLOWED],
        ["do not if there are none that say it", minimal, seen(minimal), NOT_ALLOWED],
        [
            "do not if some of another cluster cannot be seen",
            { ...minimal, instancesElsewhere: ["eu-west-1/i-9"] },
            seen(minimal, "i-0a"),
            NOT_ALLOWED,
        ],
        [
            "do not if one that the DaemonSet does not select has another name",
            minimal,
            {
                ...seen(minimal, "i-0a"),
                cluster: { ...seen(minimal, "i-0a").cluster, otherNodes: [{ name: "windows", instanceId: "i-n3" }] },
            },
            NOT_ALLOWED,
        ],
        [
            "count only if they are of this role",
            { ...minimal, instancesOfCluster: ["i-n1"] },
            {
                ...seen(minimal, "i-0a"),
                cluster: { ...seen(minimal, "i-0a").cluster, otherNodes: [{ name: "windows", instanceId: "i-n7" }] },
            },
            undefined,
        ],
    ];
    for (const [what, role, of, expected] of rows) {
        it(what, () => deepStrictEqual(bootGap(role, of), expected));
    }

    it("are judged by the boundary, too", () => {
        const role = { ...withPolicies(allows(OTHER_POLICY, "ec2:*"), CNI), boundary: MINIMAL };
        deepStrictEqual(bootGap(role, seen(role, "n1")), {
            overruling: [`the permissions boundary ${MINIMAL.name} does not allow it`],
            uncertain: [],
            isAllowed: true,
        });
    });

    it("do not boot with a customer managed policy that leaves, too", () => {
        const cniPolicies = [OTHER_POLICY, CNI_POLICY].map((arn) => ({ arn, kind: "cni" as const, sufficient: true }));
        const role = { ...withPolicies(allows(OTHER_POLICY, "ec2:*"), CNI), cniPolicies };
        deepStrictEqual(bootGap(role, seen(role, "n1")), NOT_ALLOWED);
    });
});

describe("Others lose with the policies of a node role", () => {
    it("what nothing that stays grants and the plugin alone does not use", () => {
        deepStrictEqual(lostByOthers(withPolicies(WORKER, CNI)), ["ec2:DescribeNetworkInterfaces", "ec2:DescribeTags"]);
        deepStrictEqual(lostByOthers(withPolicies(allows("x", "ec2:Describe*"), CNI)), []);
    });

    it("nothing of what stays, or of what has left", () => {
        strictEqual(lostByOthers(nodeRole()).length, 0);
        deepStrictEqual(lostByOthers({ ...withPolicies(WORKER), cniPolicies: [] }), []);
    });
});
