import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { DetachmentTarget } from "../../../../handover/decide/detachment";
import { leftBefore, leftNodeRoles } from "../../../../handover/decide/leftBehind";
import {
    clustersSharing,
    rolesKept,
    rolesOfWithdrawn,
    sharingWarnings,
    whyKept,
    type WhyKept,
} from "../../../../handover/decide/sharedNodeRoles";
import type { Memory } from "../../../../handover/model/steps";
import type { NodeRoleSeen, World } from "../../../../handover/model/world";
import { right, target } from "../support/detachments";
import { CNI, MINIMAL, WORKER } from "../support/nodeBoot";
import { attachedAgain, BLUE, GREEN, sharedAndDetached, sharedWith, usedBy } from "../support/sharedNodeRoles";
import {
    attach,
    fresh,
    memoryWith,
    nodeRole,
    BROAD_POLICY,
    record,
    seconds,
    withoutPolicies,
    world,
} from "../support/worlds";

const seen = (nodeRoles: NodeRoleSeen[]) => world(right, { account: { nodeRoles } });
const kept = (of: World, listed: DetachmentTarget) =>
    rolesKept(listed, of, fresh).map(({ role, why }) => [role.name, why]);
const naming = (...handedOverClusterArns: string[]) => ({ handedOverClusterArns });
const left = (detachedFrom: string[], ...handedOverClusterArns: string[]) => ({
    leftBefore: { detachedFrom, handedOverClusterArns },
});

describe("A listed node role", () => {
    const rows: [string, NodeRoleSeen, WhyKept | undefined, Partial<DetachmentTarget>?, Memory?][] = [
        ["keeps nothing that no other cluster uses", nodeRole(), undefined],
        ["keeps its policies where another cluster uses it", sharedWith([BLUE]), "usedElsewhere"],
        ["keeps them where one of two is not named", sharedWith([BLUE, GREEN]), "usedElsewhere", naming(GREEN)],
        ["keeps them where another cluster is named", sharedWith([BLUE]), "usedElsewhere", naming(GREEN)],
        [
            "keeps them where an instance's tags name no cluster",
            sharedWith([BLUE, undefined]),
            "usedElsewhere",
            naming(BLUE),
        ],
        ["keeps them where no instance's tags name one", sharedWith([undefined]), "usedElsewhere", naming(BLUE)],
        ["loses them where every cluster is named", sharedWith([BLUE, GREEN, BLUE]), undefined, naming(GREEN, BLUE)],
        ["keeps them if its nodes could not boot without them", nodeRole({ policies: [MINIMAL, CNI] }), "neededToBoot"],
        ["loses them if its nodes can", nodeRole({ policies: [WORKER, CNI] }), undefined],
        [
            "has none to keep that its nodes could need",
            nodeRole({ ...withoutPolicies, policies: [MINIMAL] }),
            undefined,
        ],
        ["keeps them for another cluster first", sharedWith([BLUE], { policies: [MINIMAL, CNI] }), "usedElsewhere"],
        ["has none to keep", sharedAndDetached(BLUE), undefined],
        [
            "has none to keep that this component detaches",
            sharedWith([BLUE], { cniPolicies: [{ arn: BROAD_POLICY, kind: "broad", sufficient: true }] }),
            undefined,
        ],
        [
            "keeps them if the last update had left it without, and said the same",
            sharedWith([BLUE]),
            "attachedAgain",
            { ...naming(BLUE), ...left(["nodes"], BLUE) },
        ],
        [
            "keeps them if the last update had named one of the clusters",
            sharedWith([BLUE, GREEN]),
            "attachedAgain",
            { ...naming(BLUE, GREEN), ...left(["nodes"], GREEN) },
        ],
        [
            "loses them if the last update had named none of the clusters",
            sharedWith([BLUE]),
            undefined,
            { ...naming(BLUE), ...left(["nodes"], GREEN) },
        ],
        [
            "loses them if the last update had left them attached",
            sharedWith([BLUE]),
            undefined,
            { ...naming(BLUE), ...left(["more"], BLUE) },
        ],
        [
            "is used elsewhere, rather than attached again, if a cluster is not named",
            sharedWith([BLUE, GREEN]),
            "usedElsewhere",
            { ...naming(BLUE), ...left(["nodes"], BLUE) },
        ],
        [
            "keeps them if this run has detached them, and IAM shows them later than it may be late",
            sharedWith([BLUE]),
            "attachedAgain",
            naming(BLUE),
            memoryWith({ detachedAt: seconds(-30) }),
        ],
        [
            "does not count as attached again as long as IAM may be late",
            sharedWith([BLUE]),
            undefined,
            naming(BLUE),
            memoryWith({ detachedAt: seconds(-29) }),
        ],
        [
            "keeps them if this run has attached them itself, after it had detached them: another cluster may rely on them since",
            sharedWith([BLUE]),
            "attachedAgain",
            naming(BLUE),
            memoryWith({ detachedAt: seconds(-90), attached: attach("more", "nodes") }),
        ],
        [
            "keeps them if this run has attached them itself, after the last update had left it without",
            sharedWith([BLUE]),
            "attachedAgain",
            { ...naming(BLUE), ...left(["nodes"], BLUE) },
            memoryWith({ attached: attach("nodes") }),
        ],
        [
            "keeps them if this run has attached those of another role",
            sharedWith([BLUE]),
            "attachedAgain",
            { ...naming(BLUE), ...left(["nodes"], BLUE) },
            memoryWith({ attached: attach("more") }),
        ],
        [
            "keeps them for another cluster, whatever run has attached them",
            sharedWith([BLUE]),
            "usedElsewhere",
            {},
            memoryWith({ attached: attach("nodes") }),
        ],
        [
            "keeps them if the last update had left it without, also while no instance of the other cluster is seen",
            nodeRole(),
            "attachedAgain",
            { ...naming(BLUE), ...left(["nodes"], BLUE) },
        ],
        [
            "keeps them then also if this run has attached them itself: that cluster may be in a region that is not looked at",
            nodeRole(),
            "attachedAgain",
            { ...naming(BLUE), ...left(["nodes"], BLUE) },
            memoryWith({ attached: attach("nodes") }),
        ],
        [
            "loses them again if no other cluster uses it, and this run has attached them itself, after it had detached them",
            nodeRole(),
            undefined,
            {},
            memoryWith({ detachedAt: seconds(-90), attached: attach("nodes") }),
        ],
        [
            "loses them again if no other cluster uses it, and the last update had named none",
            nodeRole(),
            undefined,
            { ...naming(BLUE), ...left(["nodes"]) },
            memoryWith({ detachedAt: seconds(-60) }),
        ],
    ];
    for (const [what, role, why, more, memory = fresh] of rows) {
        it(what, () => strictEqual(whyKept({ ...target, ...more }, role, seen([role]), memory), why));
    }

    it("counts if it is listed and exists", () => {
        const roles = [
            sharedWith([BLUE]),
            sharedWith([BLUE], { name: "unlisted" }),
            sharedWith([BLUE], { name: "gone", exists: false }),
            nodeRole({ name: "own" }),
        ];
        const listed = { ...target, detachFromNodeRoles: ["nodes", "gone", "own"] };
        deepStrictEqual(kept(seen(roles), listed), [["nodes", "usedElsewhere"]]);
        deepStrictEqual(kept(seen(roles), { ...target, detachFromNodeRoles: undefined }), []);
    });

    it("keeps its policies where a writing action is not decided, unless another reason ranks first", () => {
        const nodeRoles = [
            nodeRole(),
            nodeRole({ name: "bare", ...withoutPolicies }),
            nodeRole({ name: "unlisted" }),
            nodeRole({ name: "gone", exists: false }),
            sharedWith([BLUE], { name: "shared" }),
            nodeRole({ name: "again" }),
        ];
        const undecidedActions = { actions: ["ec2:CreateTags"], why: "Why.", fix: "Fix." };
        const listed = {
            ...target,
            ...naming(GREEN),
            ...left(["again"], GREEN),
            detachFromNodeRoles: ["nodes", "bare", "gone", "shared", "again"],
        };
        deepStrictEqual(kept(world(right, { account: { nodeRoles, undecidedActions } }), listed), [
            ["nodes", "unproved"],
            ["shared", "usedElsewhere"],
            ["again", "attachedAgain"],
        ]);
        deepStrictEqual(kept(world(right, { account: { nodeRoles } }), listed), [
            ["shared", "usedElsewhere"],
            ["again", "attachedAgain"],
        ]);
    });
});

describe("The clusters that share a node role", () => {
    it("are named once, in the order of their ARNs", () => {
        deepStrictEqual(clustersSharing(sharedWith([GREEN, BLUE, undefined, GREEN])), [BLUE, GREEN]);
    });

    it("are those of every tag of an instance", () => {
        const clustersElsewhere = { "eu-west-1/i-0": [BLUE, GREEN] };
        deepStrictEqual(clustersSharing(sharedWith([BLUE], { clustersElsewhere })), [BLUE, GREEN]);
    });
});

describe("The node roles as the last update left them", () => {
    const outputs = {
        detachedFrom: ["a"],
        remainingSteps: [usedBy([BLUE]), attachedAgain(BLUE).replace("nodes", "b")],
    };

    it("are those without their policies, and those that held them again", () => {
        deepStrictEqual(leftNodeRoles(outputs, [BLUE]), { detachedFrom: ["a", "b"], handedOverClusterArns: [BLUE] });
        deepStrictEqual(leftNodeRoles({ detachedFrom: [], remainingSteps: [] }), {
            detachedFrom: [],
            handedOverClusterArns: [],
        });
    });

    it("are not those that the credential guard has given back before another role", () => {
        const former = { ...outputs, handedOverClusterArns: [BLUE], isAnotherRole: true };
        const all = { detachedFrom: ["a", "b"], handedOverClusterArns: [BLUE] };
        deepStrictEqual(leftBefore(former, { foundDetached: ["a"] }), { ...all, detachedFrom: ["b"] });
        deepStrictEqual(leftBefore(former, {}), all);
        deepStrictEqual(leftBefore({ ...former, isAnotherRole: false }, { foundDetached: ["a"] }), all);
    });
});

describe("The node roles of a cluster that the program no longer names", () => {
    const roles = [sharedWith([BLUE]), sharedWith([GREEN], { name: "more" }), nodeRole({ name: "own" })];
    const rows: [string, Parameters<typeof rolesOfWithdrawn>[0], string[]][] = [
        ["are those that it uses", { before: [BLUE, GREEN], now: [GREEN] }, ["nodes"]],
        [
            "are all of them if no cluster is named any more",
            { before: [BLUE, GREEN], now: undefined },
            ["nodes", "more"],
        ],
        ["are none if the names are the same", { before: [BLUE], now: [BLUE] }, []],
        ["are none of a cluster that was never named", { before: undefined, now: [] }, []],
        ["are none of a cluster that is newly named", { before: [], now: [BLUE] }, []],
    ];
    for (const [what, names, expected] of rows) {
        it(what, () => deepStrictEqual(rolesOfWithdrawn(names, roles), expected));
    }

    it("are none that do not exist", () => {
        deepStrictEqual(rolesOfWithdrawn({ before: [BLUE] }, [sharedWith([BLUE], { exists: false })]), []);
    });
});

describe("The warning of a hand-back", () => {
    const warning = (name: string, clusters: string) =>
        `warning: from now on the pods of this cluster need the node role ${name}, which also serves ${clusters}. If a program there lists ` +
        "this cluster in handedOverClusterArns, remove it there before the next pulumi up";

    it("names the clusters that share a role of a node, or a recorded role", () => {
        const nodeRoles = [
            sharedWith([GREEN, BLUE], withoutPolicies),
            sharedWith([BLUE], { name: "listed" }),
            sharedWith([BLUE], { name: "neither" }),
        ];
        deepStrictEqual(
            sharingWarnings({ ...record, namedNodeRoles: ["listed"] }, world(right, { account: { nodeRoles } })),
            [warning("nodes", `${BLUE}, ${GREEN}`), warning("listed", BLUE)],
        );
    });

    it("is missing for a role that is gone, that no other cluster uses, or whose users are unknown", () => {
        for (const role of [sharedWith([BLUE], { exists: false }), nodeRole(), sharedWith([undefined])]) {
            deepStrictEqual(sharingWarnings(record, world(right, { account: { nodeRoles: [role] } })), []);
        }
    });
});
