import { deepStrictEqual } from "node:assert/strict";
import { MANAGED_CNI_POLICY } from "../../../documents/cniActions";
import { type BootObstacles, bootObstacles, type PolicyRead } from "../../../documents/nodeBoot";

const statement = (more: object = {}) => ({ Effect: "Allow", Action: "ec2:DescribeInstances", Resource: "*", ...more });
const policy = (name: string, ...Statement: object[]): PolicyRead => ({ name, document: { Statement } });
const unread = (name: string): PolicyRead => ({ name, document: undefined });
const worker = policy("worker", statement({ Action: ["ec2:DescribeInstances", "ec2:DescribeVpcs"] }));
const minimal = policy("minimal", statement({ Action: "eks-auth:AssumeRoleForPodIdentity" }));
const deny = policy(
    "guard",
    statement({ Effect: "Deny", Condition: { StringNotEquals: { "aws:RequestedRegion": "eu-west-1" } } }),
);
const isAllowed = { uncertain: [], isAllowed: true };
const LIMITED = "allows it only under a condition, or only on some resources";
const nothing = (...uncertain: string[]): BootObstacles => ({ overruling: [], uncertain, isAllowed: false });

const rows: [string, readonly PolicyRead[], PolicyRead | undefined, BootObstacles | undefined][] = [
    ["with the policy of worker nodes", [worker], undefined, undefined],
    ["with the policy of the CNI", [{ name: "cni", document: MANAGED_CNI_POLICY }], undefined, undefined],
    ["by any pattern, in any case", [policy("read", statement({ Action: "EC2:describe*" }))], undefined, undefined],
    [
        "by a statement about all but other actions",
        [policy("most", { Effect: "Allow", NotAction: "iam:*", Resource: "*" })],
        undefined,
        undefined,
    ],
    ["without any policy", [], undefined, nothing()],
    ["with the minimal policy alone", [minimal], undefined, nothing()],
    [
        "with a policy that excepts the call",
        [policy("most", { Effect: "Allow", NotAction: "ec2:*", Resource: "*" })],
        undefined,
        nothing(),
    ],
    ["with a policy that was not read", [minimal, unread("mine")], undefined, nothing("mine could not be read")],
    ["with one that was not read beside one that allows it", [worker, unread("mine")], undefined, undefined],
    [
        "under a condition",
        [policy("mine", statement({ Condition: { Bool: { "aws:SecureTransport": "true" } } }))],
        undefined,
        nothing(`mine ${LIMITED}`),
    ],
    [
        "on some resources",
        [policy("mine", statement({ Resource: "arn:aws:ec2:*:*:instance/*" }))],
        undefined,
        nothing(`mine ${LIMITED}`),
    ],
    [
        "on all but some resources",
        [policy("mine", { Effect: "Allow", Action: "ec2:*", NotResource: "x" })],
        undefined,
        nothing(`mine ${LIMITED}`),
    ],
    [
        "against a Deny, whatever its condition",
        [worker, deny],
        undefined,
        { overruling: ["guard denies it"], ...isAllowed },
    ],
    ["with a Deny and nothing else", [deny], undefined, { ...nothing(), overruling: ["guard denies it"] }],
    ["within a boundary that allows it", [worker], worker, undefined],
    ["by the boundary alone", [minimal], worker, nothing()],
    [
        "within a boundary that does not allow it",
        [worker],
        minimal,
        { overruling: ["the permissions boundary minimal does not allow it"], ...isAllowed },
    ],
    [
        "within a boundary that allows it under a condition",
        [worker],
        policy("b", statement({ Condition: { Bool: { a: "b" } } })),
        { overruling: [`the permissions boundary b ${LIMITED}`], ...isAllowed },
    ],
    [
        "within a boundary that was not read",
        [worker],
        unread("b"),
        { overruling: ["the permissions boundary b could not be read"], ...isAllowed },
    ],
    [
        "within a boundary that denies it",
        [worker],
        policy("b", statement(), statement({ Effect: "Deny" })),
        { overruling: ["the permissions boundary b denies it"], ...isAllowed },
    ],
];

describe("A role lets its nodes boot, or says why not,", () => {
    for (const [what, policies, boundary, expected] of rows) {
        it(what, () => deepStrictEqual(bootObstacles(policies, boundary), expected));
    }
});
