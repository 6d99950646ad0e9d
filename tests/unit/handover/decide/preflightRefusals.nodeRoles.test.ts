import { deepStrictEqual } from "node:assert/strict";
import { preflightRefusals } from "../../../../handover/decide/preflightRefusals";
import { Preflight } from "../../../../handover/model/preflight";
import type { PodOnNodeRole } from "../../../../handover/model/world";
import { passingPreflight, seen, table } from "../support/preflights";
import { CNI, MINIMAL } from "../support/nodeBoot";
import { CNI_POLICY, nodeRole, otherNode, podOnNodeRole } from "../support/worlds";

const roles = (...nodeRoles: ReturnType<typeof nodeRole>[]) => seen({}, { nodeRoles });
const gone = nodeRole({ name: "gone", exists: false });
const two = { roleOfInstance: { "i-n1": "nodes", "i-n2": "more", "i-n3": "more", "i-n4": undefined } };

const onOtherNodes = (id: string, ...pods: PodOnNodeRole[]) =>
    seen({ otherNodes: [otherNode(...pods)] }, { nodeRoles: [nodeRole({ instancesOfCluster: ["i-n1", id] })] });

const CANNOT_BOOT = (name: string) =>
    [
        "node-role-cannot-boot",
        `Without ${CNI_POLICY}, nothing lets ${name} call ec2:DescribeInstances, which a node needs before it joins.`,
    ] as [string, string];
const minimal = (more: Partial<Parameters<typeof nodeRole>[0]> = {}) => nodeRole({ policies: [MINIMAL, CNI], ...more });

table("Node roles whose nodes could not boot", [
    ["are refused", { world: roles(minimal()) }, [CANNOT_BOOT("nodes")]],
    [
        "are refused one by one",
        { detachFromNodeRoles: ["nodes", "more"], world: roles(minimal(), minimal({ name: "more" })) },
        [CANNOT_BOOT("nodes"), CANNOT_BOOT("more")],
    ],
    ["are not if they lose nothing", { world: roles(minimal({ cniPolicies: [] })) }, []],
    ["are not if they are not listed", { detachFromNodeRoles: [], world: roles(minimal()) }, []],
    [
        "are not if they do not exist",
        { detachFromNodeRoles: ["nodes", "more"], world: roles(nodeRole(), minimal({ name: "more", exists: false })) },
        [["node-role-missing", "There is no role more in this account."]],
    ],
    [
        "are not if an earlier update has named them, so that repairs go on",
        { namedBefore: ["nodes"], world: roles(minimal()) },
        [],
    ],
    [
        "are if an earlier update has named others",
        { namedBefore: ["more"], world: roles(minimal()) },
        [CANNOT_BOOT("nodes")],
    ],
]);

table("Node roles", [
    [
        "are refused when they do not exist",
        { detachFromNodeRoles: ["nodes", "gone"], world: roles(nodeRole(), gone) },
        [["node-role-missing", "There is no role gone in this account."]],
    ],
    ["that do not exist do not matter when they are not named", { world: roles(nodeRole(), gone) }, []],
    [
        "are refused when one that nodes use is not named",
        { world: seen({}, two) },
        [
            [
                "node-role-not-named",
                "Nodes of this cluster use these node roles, which detachFromNodeRoles does not list: more. It lists: nodes.",
            ],
        ],
    ],
    [
        "need no names when their last instances are shutting down",
        {
            world: seen(
                {},
                {
                    roleOfInstance: { "i-n1": "nodes", "i-n2": "more" },
                    leavingInstances: { "i-n2": "shutting-down" },
                },
            ),
        },
        [],
    ],
    ["need no names when nothing is to be detached", { detachFromNodeRoles: [], world: seen({}, two) }, []],
    ["that others use as well stop nothing", { world: roles(nodeRole({ instancesElsewhere: ["eu-west-1/i-a"] })) }, []],
    [
        "are refused when a region could not be read",
        { world: seen({}, { unreadRegions: [{ region: "eu-north-1", cause: "other", answer: "Denied." }] }) },
        [["aws-region-refused", "The instances in these regions could not be listed: eu-north-1 (Denied)."]],
    ],
    [
        "are refused when IAM saw one of them used last in a region that is denied",
        {
            world: seen(
                {},
                {
                    unreadRegions: [{ region: "eu-north-1", cause: "serviceControlPolicy", answer: "Denied." }],
                    nodeRoles: [nodeRole({ lastUsedIn: ["eu-north-1"] })],
                },
            ),
        },
        [
            [
                "aws-region-refused",
                "A service control policy denies ec2:DescribeInstances where IAM saw a node role used last: nodes in eu-north-1.",
            ],
        ],
    ],
    [
        "pass a region that is denied, and in which none of them was used last",
        {
            world: seen(
                {},
                {
                    unreadRegions: [{ region: "eu-north-1", cause: "serviceControlPolicy", answer: "Denied." }],
                    nodeRoles: [
                        nodeRole({ lastUsedIn: ["us-west-2"] }),
                        nodeRole({ name: "more", lastUsedIn: ["eu-north-1"] }),
                    ],
                },
            ),
        },
        [],
    ],
    [
        "are refused when kube-system/aws-node uses their permissions as well",
        { world: seen({ defaultPodsWithoutRole: ["aws-node-1", "aws-node-2"] }) },
        [
            [
                "node-role-in-use",
                "Besides kube-system/aws-node, the DaemonSet kube-system/aws-node runs pods that have no role of their own: aws-node-1, aws-node-2.",
            ],
        ],
    ],
    [
        "are refused when another DaemonSet uses their permissions on other nodes",
        { world: onOtherNodes("i-n4", podOnNodeRole("arm-1"), podOnNodeRole("arm-2")) },
        [
            [
                "node-role-in-use",
                "On nodes that kube-system/aws-node does not select, the DaemonSet kube-system/aws-node-arm runs pods that have no role of their own: arm-1, arm-2.",
            ],
        ],
    ],
    [
        "do not matter on other nodes when they are not named",
        { detachFromNodeRoles: [], world: onOtherNodes("i-n4", podOnNodeRole("arm-1")) },
        [],
    ],
    [
        "whose permissions it uses do not matter when they are not named",
        { detachFromNodeRoles: [], world: seen({ defaultPodsWithoutRole: ["aws-node-1"] }) },
        [],
    ],
]);

describe("What fixes it", () => {
    const fix = (change: Partial<Preflight>) =>
        preflightRefusals({ ...passingPreflight, ...change }).map((reason) => reason.fix);

    it("is one of the roles that the nodes run with, each once", () => {
        deepStrictEqual(
            fix({ detachFromNodeRoles: ["gone", "nodes", "more"], world: seen({}, { ...two, nodeRoles: [gone] }) }),
            ["Correct its name in detachFromNodeRoles, or remove it. The nodes use: nodes, more."],
        );
    });

    it("is a list of the roles where no node tells", () => {
        const world = seen({}, { roleOfInstance: {}, nodeRoles: [gone] });
        deepStrictEqual(fix({ detachFromNodeRoles: ["gone"], world }), [
            "Correct its name in detachFromNodeRoles, or remove it. To see the roles: aws iam list-roles",
        ]);
    });

    it("is the names to add, quoted", () => {
        const world = seen({}, { roleOfInstance: { a: "nodes", b: "more", c: "most" } });
        deepStrictEqual(fix({ world }), ['Add "more", "most" to detachFromNodeRoles.']);
    });
});
