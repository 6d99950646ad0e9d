import { DETACH, detached, DONE, verified, right, table, wait } from "../support/detachments";
import {
    attach,
    withoutPolicies,
    BROAD_POLICY,
    CNI_POLICY,
    instance,
    nodeRole,
    NOW,
    OTHER_POLICY,
    pod,
    pods,
    record,
    memoryWith,
    ROLE,
    seconds,
} from "../support/worlds";

const justStarted = memoryWith({ startedAt: NOW });

table("The pods are not watched after the detachment", [
    ["once the time is over", verified({}, detached), DONE, {}, memoryWith({ detachSentAt: seconds(-20) })],
    ["where an earlier run has done so", verified({}, detached), DONE, { finishedRoles: ["nodes"] }, justStarted],
    [
        "where no policy was ever recorded",
        verified({}, detached),
        DONE,
        { record: { ...record, nodeRolePolicies: {} } },
        justStarted,
    ],
]);

table("The policies leave the node roles", [
    ["when every pod carries the role and has for long", verified(), DETACH],
    ["not a second time when they have left", verified({}, detached), DONE],
    [
        "and what a pod reported before the role was proved again is outdated",
        verified({
            pods: pods(right, pod("n2", right, { missingPermissions: "no", missingPermissionsAt: seconds(-11) })),
        }),
        DETACH,
        { provedAt: seconds(-10) },
    ],
    [
        "when the add-on has the component's own role, and no association exists",
        verified({}, { otherDelivery: { addOnRoleArn: ROLE, podIdentityRoleArns: [], unread: [] } }),
        DETACH,
    ],
    [
        "when the watch over the pods is just over",
        verified({ pods: pods(right, pod("n2", right, { readySince: seconds(-20) })) }),
        DETACH,
    ],
    [
        "in a run that has just begun, where no other role was ever approved",
        verified(),
        DETACH,
        {},
        memoryWith({ startedAt: NOW }),
    ],
    [
        "as soon as a webhook that is late no longer gives a role of before",
        verified(),
        DETACH,
        { record: { ...record, approvedRoleArns: [`${ROLE}-before`, ROLE] } },
        memoryWith({ startedAt: seconds(-20) }),
    ],
    [
        "though an instance that is no node has no role",
        verified({}, { roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "nodes", "i-n9": undefined } }),
        DETACH,
    ],
    [
        "though instances are no nodes, for which the guard holds when they join",
        verified({}, { nodeRoles: [nodeRole({ unjoined: [instance("i-n4"), instance("i-n5", "stopped", 0)] })] }),
        {
            ...DETACH,
            why: `${DETACH.why}. These instances are not nodes and need not join: i-n4 (running), i-n5 (stopped)`,
        },
        {},
        memoryWith({ startedAt: NOW }),
    ],
    [
        "though an instance has joined since the account was read, with any pods",
        verified(
            { otherNodes: [{ name: "windows", instanceId: "i-n4" }] },
            { nodeRoles: [nodeRole({ unjoined: [instance("i-n3"), instance("i-n4")] })] },
        ),
        DETACH,
    ],
    [
        "without a guard, though instances are no nodes that join no more by themselves, or have begun after the run",
        verified(
            { injectionGuard: { present: false, inForce: false } },
            {
                nodeRoles: [
                    nodeRole({ unjoined: [instance("i-n4", "stopped"), instance("i-n5", "running", seconds(-29))] }),
                ],
            },
        ),
        {
            ...DETACH,
            why: `${DETACH.why}. These instances are not nodes and need not join: i-n4 (stopped), i-n5 (running)`,
        },
        { injectionGuard: false },
        memoryWith({ startedAt: seconds(-30) }),
    ],
    [
        "also where nodes that the DaemonSet does not select have the role, and no pod there uses it",
        verified(
            { otherNodes: [{ name: "windows", instanceId: "i-n4" }] },
            { nodeRoles: [nodeRole({ instancesOfCluster: ["i-n1", "i-n2", "i-n3", "i-n4"] })] },
        ),
        DETACH,
    ],
    [
        "also of a cluster without nodes",
        verified({ nodes: [], pods: [] }, { roleOfInstance: {}, nodeRoles: [nodeRole({ instancesOfCluster: [] })] }),
        {
            ...DETACH,
            why: "0 pods carry the role: detaching the policies from nodes",
        },
    ],
    [
        "of those roles that still exist",
        verified({}, { nodeRoles: [nodeRole(), nodeRole({ name: "gone", exists: false })] }),
        {
            ...DETACH,
            why: "3 pods carry the role: detaching the policies from nodes, gone",
        },
        { detachFromNodeRoles: ["nodes", "gone"] },
    ],
    [
        "without the guard where it is not asked for",
        verified({ injectionGuard: { present: false, inForce: false } }),
        DETACH,
        { injectionGuard: false },
    ],
    [
        "all that grant the actions of the CNI and nothing else",
        verified(
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
        { record: { ...record, nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] } } },
    ],
    [
        "once more when IAM has shown them for half a minute after they left",
        verified(),
        DETACH,
        {},
        memoryWith({ detachedAt: seconds(-30) }),
    ],
]);

const two = verified({}, { nodeRoles: [nodeRole(withoutPolicies), nodeRole({ ...withoutPolicies, name: "more" })] });

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
        memoryWith({ detachedAt: seconds(-19) }),
    ],
    ["it is done", verified({}, detached), DONE, {}, memoryWith({ detachedAt: seconds(-20) })],
]);
