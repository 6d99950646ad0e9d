import {
    ATTACH,
    DONE,
    withFormerRole,
    podsWithRole,
    podsWithoutRole,
    guardInForce,
    onePodRestarted,
    insufficientPolicy,
    refuse,
    release,
    released,
    restart,
    AWAIT_PROPAGATION,
    propagated,
    table,
    wait,
} from "../support/handBacks";
import {
    attach,
    withoutPolicies,
    node,
    nodeRole,
    record,
    memoryWith,
    seconds,
    serviceAccount,
} from "../support/worlds";

table("On the way back, the node roles", [
    [
        "get what was recorded before anything else",
        podsWithRole({ injectionGuard: guardInForce }, { nodeRoles: [nodeRole(withoutPolicies)] }),
        ATTACH,
    ],
    [
        "get it one and all",
        podsWithRole({}, { nodeRoles: [nodeRole(withoutPolicies), nodeRole({ ...withoutPolicies, name: "more" })] }),
        {
            do: "attach",
            policies: attach("nodes", "more"),
            why: "attaching the recorded policies again to nodes, more",
        },
        {
            record: {
                ...record,
                namedNodeRoles: ["nodes", "more"],
                nodeRolePolicies: { ...record.nodeRolePolicies, more: record.nodeRolePolicies["nodes"] ?? [] },
            },
        },
    ],
    [
        "get it also when no pod carries the role",
        podsWithoutRole({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
        ATTACH,
        {},
        released,
    ],
    [
        "are not asked again while IAM does not show it",
        podsWithRole({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
        wait("IAM does not show the attachment yet"),
        {},
        memoryWith({ attachedAt: seconds(-29), attached: attach("nodes") }),
    ],
    [
        "are asked again after half a minute",
        podsWithRole({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
        ATTACH,
        {},
        memoryWith({ attachedAt: seconds(-30), attached: attach("nodes") }),
    ],
    [
        "are asked at once for what was not asked for yet",
        podsWithRole({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
        ATTACH,
        {},
        memoryWith({ attachedAt: seconds(-1), attached: attach("more") }),
    ],
    [
        "get nothing when they are gone, have no nodes, or were not named",
        podsWithoutRole(
            {},
            {
                nodeRoles: [
                    nodeRole({ ...withoutPolicies, exists: false }),
                    nodeRole({ ...withoutPolicies, name: "idle", instancesOfCluster: [] }),
                    nodeRole({ ...withoutPolicies, name: "other" }),
                ],
            },
        ),
        DONE,
        {
            record: {
                ...record,
                namedNodeRoles: ["nodes", "idle"],
                nodeRolePolicies: { nodes: attach("x").map(({ policyArn }) => policyArn), idle: ["p"], other: ["p"] },
            },
        },
        released,
    ],
    ["settle before a pod moves", podsWithRole(), AWAIT_PROPAGATION],
    ["settle before the guard goes", podsWithoutRole({ injectionGuard: guardInForce }), AWAIT_PROPAGATION],
    ["settle before the annotation goes", podsWithoutRole({ serviceAccount }), AWAIT_PROPAGATION],
    [
        "settle also where the former role comes back",
        podsWithRole({ serviceAccount }),
        AWAIT_PROPAGATION,
        withFormerRole,
    ],
    [
        "settle again after another attachment",
        podsWithRole(),
        AWAIT_PROPAGATION,
        {},
        memoryWith({ propagatedAt: seconds(-60), attachedAt: seconds(-5) }),
    ],
    [
        "need not settle when nothing is left to move",
        podsWithoutRole(),
        DONE,
        {},
        memoryWith({ releasedAt: seconds(-60) }),
    ],
    [
        "need not settle when the service account is gone and nothing is left to move",
        podsWithoutRole({ serviceAccount: undefined }),
        DONE,
        {},
        memoryWith({ releasedAt: seconds(-60) }),
    ],
    ["need not settle without nodes", podsWithoutRole({ nodes: [], pods: [], serviceAccount }), release({})],
    [
        "need not settle when none was ever named",
        podsWithRole({ serviceAccount }),
        release({}),
        { record: { ...record, namedNodeRoles: [] } },
    ],
    [
        "must suffice before a pod moves, where nothing is recorded",
        podsWithRole({}, { nodeRoles: [nodeRole({ cniPolicies: [insufficientPolicy] })] }),
        refuse(
            "node-role-without-permissions",
            "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and no such policy is recorded.",
        ),
        { record: { ...record, nodeRolePolicies: {} } },
    ],
    [
        "must suffice also where only some pods carry the role",
        podsWithRole({ pods: onePodRestarted }, { nodeRoles: [nodeRole({ cniPolicies: [insufficientPolicy] })] }),
        refuse(
            "node-role-without-permissions",
            "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and no such policy is recorded.",
        ),
        { record: { ...record, nodeRolePolicies: {} } },
    ],
    [
        "may hold one that does not suffice in addition to one that does",
        podsWithRole(
            {},
            {
                nodeRoles: [
                    nodeRole({
                        cniPolicies: [insufficientPolicy, { ...insufficientPolicy, arn: "own", sufficient: true }],
                    }),
                ],
            },
        ),
        restart("pod-n1", "pod-n1 restarts first"),
        { record: { ...record, nodeRolePolicies: {} } },
        propagated,
    ],
    [
        "suffice by what was recorded, whatever it lacks",
        podsWithRole({}, { nodeRoles: [nodeRole({ cniPolicies: [insufficientPolicy] })] }),
        restart("pod-n1", "pod-n1 restarts first"),
        {},
        propagated,
    ],
    [
        "may suffice by an inline policy",
        podsWithRole({}, { nodeRoles: [nodeRole({ ...withoutPolicies, inlineCniPolicies: ["own"] })] }),
        restart("pod-n1", "pod-n1 restarts first"),
        { record: { ...record, nodeRolePolicies: {} } },
        propagated,
    ],
    [
        "need not suffice when no node runs with them",
        podsWithRole({}, { nodeRoles: [nodeRole(), nodeRole({ ...withoutPolicies, name: "idle" })] }),
        restart("pod-n1", "pod-n1 restarts first"),
        {},
        propagated,
    ],
    [
        "need not suffice where the former role comes back",
        podsWithRole({ serviceAccount }, { nodeRoles: [nodeRole(withoutPolicies)] }),
        release(withFormerRole.formerAnnotations),
        { ...withFormerRole, record: { ...record, nodeRolePolicies: {} } },
        propagated,
    ],
    [
        "need not suffice when no pod carries the role",
        podsWithoutRole({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
        DONE,
        { record: { ...record, nodeRolePolicies: {} } },
        released,
    ],
    [
        "must be known",
        podsWithRole({}, { roleOfInstance: { "i-n1": "nodes", "i-n3": "nodes" } }),
        refuse("node-role-unknown", "The roles of these nodes are unknown: n2."),
    ],
    [
        "are waited for where a NotReady node's is not known",
        podsWithRole({ nodes: [node("n1"), node("n2", { ready: false })] }, { roleOfInstance: { "i-n1": "nodes" } }),
        wait("NotReady nodes whose EC2 instance is missing or has no role: n2"),
    ],
]);
