import { DETACH, detached, DONE, good, right, table, wait } from "../support/detachments";
import {
    attach,
    bare,
    BROAD_POLICY,
    CNI_POLICY,
    nodeRole,
    NOW,
    OTHER_POLICY,
    pod,
    pods,
    record,
    remembering,
    ROLE,
    seconds,
    subject,
} from "../support/worlds";

table("The policies leave the node roles", [
    ["when every pod carries the role and has for long", good(), DETACH],
    ["not a second time when they have left", good({}, detached), DONE],
    [
        "when the watch over the pods is just over",
        good({ pods: pods(right, pod("n2", right, { readySince: seconds(-20) })) }),
        DETACH,
    ],
    [
        "in a run that has just begun, where no other role was ever approved",
        good(),
        DETACH,
        {},
        remembering({ startedAt: NOW }),
    ],
    [
        "as soon as a webhook that is late no longer gives a role of before",
        good(),
        DETACH,
        { record: { ...record, approvedRoleArns: [`${ROLE}-before`, ROLE] } },
        remembering({ startedAt: seconds(-20) }),
    ],
    [
        "though an instance that is no node has no role",
        good({}, { roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "nodes", "i-n9": undefined } }),
        DETACH,
    ],
    [
        "also of a cluster without nodes",
        good({ nodes: [], pods: [] }, { roleOfInstance: {}, nodeRoles: [nodeRole({ instancesOfCluster: [] })] }),
        {
            ...DETACH,
            why: "0 pods carry the role: detaching the policies from nodes",
        },
    ],
    [
        "of those roles that still exist",
        good({}, { nodeRoles: [nodeRole(), nodeRole({ name: "gone", exists: false })] }),
        {
            ...DETACH,
            why: "3 pods carry the role: detaching the policies from nodes, gone",
        },
        { detachFromNodeRoles: ["nodes", "gone"] },
    ],
    [
        "without the guard where it is not asked for",
        good({ injectionGuard: { present: false, inForce: false } }),
        DETACH,
        { injectionGuard: false },
    ],
    [
        "by name, whatever their kind",
        good(
            {},
            {
                nodeRoles: [
                    nodeRole({
                        cniPolicies: [
                            { arn: CNI_POLICY, kind: "cni", sufficient: true },
                            { arn: BROAD_POLICY, kind: "broad", sufficient: true },
                        ],
                    }),
                ],
            },
        ),
        { ...DETACH, policies: [{ roleName: "nodes", policyArn: BROAD_POLICY }] },
        {
            detachPolicyArns: [BROAD_POLICY],
            record: { ...record, nodeRolePolicies: { nodes: [BROAD_POLICY, CNI_POLICY] } },
        },
    ],
    [
        "not those of another kind that nobody named",
        good(
            {},
            {
                nodeRoles: [
                    nodeRole({
                        cniPolicies: [
                            { arn: OTHER_POLICY, kind: "cni", sufficient: true },
                            { arn: BROAD_POLICY, kind: "broad", sufficient: true },
                        ],
                    }),
                ],
            },
        ),
        DONE,
        { record: { ...record, nodeRolePolicies: { nodes: [OTHER_POLICY] } } },
    ],
    [
        "on IPv6 all that are of the CNI's kind",
        good(
            {},
            {
                nodeRoles: [
                    nodeRole({
                        cniPolicies: [
                            { arn: CNI_POLICY, kind: "cni", sufficient: false },
                            { arn: OTHER_POLICY, kind: "cni", sufficient: true },
                            { arn: BROAD_POLICY, kind: "broad", sufficient: true },
                        ],
                    }),
                ],
            },
        ),
        { ...DETACH, policies: [...attach("nodes"), { roleName: "nodes", policyArn: OTHER_POLICY }] },
        {
            subject: { ...subject, ipFamily: "ipv6" },
            record: { ...record, nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] } },
        },
    ],
    [
        "of the partition of the role",
        good(
            {},
            {
                nodeRoles: [
                    nodeRole({
                        cniPolicies: [
                            { arn: "arn:aws-cn:iam::aws:policy/AmazonEKS_CNI_Policy", kind: "cni", sufficient: true },
                        ],
                    }),
                ],
            },
        ),
        DONE,
    ],
    [
        "once more when IAM has shown them for half a minute after they left",
        good(),
        DETACH,
        {},
        remembering({ detachedAt: seconds(-30) }),
    ],
]);

const two = good({}, { nodeRoles: [nodeRole(bare), nodeRole({ ...bare, name: "more" })] });

table("When the watch after the detachment is over", [
    [
        "it is done, for all that were named",
        two,
        { ...DONE, why: "3 pods carry the role; the policies are detached from nodes, more" },
        { detachFromNodeRoles: ["nodes", "more"] },
    ],
    [
        "and not before",
        two,
        wait("the policies are detached from nodes, more; watching the pods for 20 s"),
        { detachFromNodeRoles: ["nodes", "more"] },
        remembering({ detachedAt: seconds(-19) }),
    ],
    ["it is done", good({}, detached), DONE, {}, remembering({ detachedAt: seconds(-20) })],
]);
