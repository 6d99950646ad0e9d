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
    CNI_POLICY,
    inlinePolicy,
    memoryWith,
    node,
    nodeRole,
    OTHER_POLICY,
    record,
    seconds,
    serviceAccount,
    carrying,
    ROLE_ARN,
    withoutPolicies,
    world,
} from "../support/worlds";

const idle = nodeRole({ ...withoutPolicies, name: "idle", instancesOfCluster: [] });
const other = nodeRole({ ...withoutPolicies, name: "other" });
const idleRecord = {
    ...record,
    namedNodeRoles: ["nodes", "idle"],
    nodeRolePolicies: { nodes: [CNI_POLICY], idle: [CNI_POLICY], other: [CNI_POLICY] },
};

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
        "get nothing when they are gone, belong to the same program and have no nodes, or were not named",
        podsWithoutRole({}, { nodeRoles: [nodeRole({ ...withoutPolicies, exists: false }), idle, other] }),
        DONE,
        { record: { ...idleRecord, ownNodeRoles: ["idle"] } },
        released,
    ],
    [
        "get it without nodes as well, for the next node",
        podsWithoutRole({}, { nodeRoles: [nodeRole({ ...withoutPolicies, exists: false }), idle, other] }),
        { do: "attach", policies: attach("idle"), why: "attaching the recorded policies again to idle" },
        { record: { ...idleRecord, ownNodeRoles: ["other"] } },
        released,
    ],
    [
        "get it with nodes also when they belong to the same program",
        podsWithRole({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
        ATTACH,
        { record: { ...record, ownNodeRoles: ["nodes"] } },
    ],
    [
        "get AWS's managed policy first",
        podsWithRole({}, { nodeRoles: [nodeRole(withoutPolicies), idle] }),
        {
            do: "attach",
            policies: [...attach("nodes", "idle"), { roleName: "nodes", policyArn: OTHER_POLICY }],
            why: "attaching the recorded policies again to nodes, idle",
        },
        { record: { ...idleRecord, nodeRolePolicies: { nodes: [OTHER_POLICY, CNI_POLICY], idle: [CNI_POLICY] } } },
    ],
    [
        "are not asked for a policy that no longer exists, where the rest suffices",
        podsWithRole(),
        restart("pod-n1", "pod-n1 restarts first"),
        { record: { ...record, nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] } } },
        memoryWith({ propagatedAt: seconds(-60), gone: [{ roleName: "nodes", policyArn: OTHER_POLICY }] }),
    ],
    [
        "stop the way back where one is gone, and what is left suffices only together with it",
        podsWithRole(
            {},
            { nodeRoles: [nodeRole({ cniPolicies: [{ arn: OTHER_POLICY, kind: "cni", sufficient: false }] })] },
        ),
        refuse(
            "node-role-without-permissions",
            "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
        ),
        { record: { ...record, nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] } } },
        memoryWith({ propagatedAt: seconds(-60), gone: attach("nodes") }),
    ],
    [
        "trust a recorded policy that suffices alone where another is gone",
        podsWithRole(
            {},
            { nodeRoles: [nodeRole({ cniPolicies: [{ arn: OTHER_POLICY, kind: "cni", sufficient: true }] })] },
        ),
        restart("pod-n1", "pod-n1 restarts first"),
        { record: { ...record, nodeRolePolicies: { nodes: [CNI_POLICY, OTHER_POLICY] } } },
        memoryWith({ propagatedAt: seconds(-60), gone: attach("nodes") }),
    ],
    [
        "trust an insufficient recorded policy where another role's is gone",
        podsWithRole(
            {},
            { nodeRoles: [nodeRole({ cniPolicies: [{ arn: OTHER_POLICY, kind: "cni", sufficient: false }] })] },
        ),
        restart("pod-n1", "pod-n1 restarts first"),
        { record: { ...record, nodeRolePolicies: { nodes: [OTHER_POLICY] } } },
        memoryWith({ propagatedAt: seconds(-60), gone: attach("idle") }),
    ],
    [
        "are asked for it where only another role's is gone",
        podsWithRole({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
        ATTACH,
        {},
        memoryWith({ gone: attach("idle") }),
    ],
    [
        "stop the way back when the only policy no longer exists",
        podsWithRole({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
        refuse(
            "node-role-without-permissions",
            "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
        ),
        { record: { ...record, nodeRolePolicies: { nodes: [OTHER_POLICY] } } },
        memoryWith({ propagatedAt: seconds(-60), gone: [{ roleName: "nodes", policyArn: OTHER_POLICY }] }),
    ],
    ["settle before a pod moves", podsWithRole(), AWAIT_PROPAGATION],
    ["settle before the guard goes", podsWithoutRole({ injectionGuard: guardInForce }), AWAIT_PROPAGATION],
    ["settle before the annotation goes", podsWithoutRole({ serviceAccount }), AWAIT_PROPAGATION],
    [
        "must hold the policies before the annotation of a role goes that only another guard has on record",
        world(carrying("theirs"), {
            cluster: { serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: "theirs" } } },
            account: { nodeRoles: [nodeRole(withoutPolicies)] },
        }),
        refuse(
            "node-role-without-permissions",
            "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
        ),
        { record: { ...record, namedNodeRoles: [], nodeRolePolicies: {} } },
    ],
    [
        "settle before the annotation goes, if the DaemonSet is not there to show its nodes",
        podsWithoutRole({ serviceAccount, daemonSet: undefined, nodes: [], pods: [] }),
        AWAIT_PROPAGATION,
    ],
    [
        "need not settle if the DaemonSet has no nodes",
        podsWithoutRole({ serviceAccount, nodes: [], pods: [] }),
        { do: "releaseServiceAccount", leaving: {}, why: "removing the annotation from the service account" },
    ],
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
            "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
        ),
        { record: { ...record, nodeRolePolicies: {} } },
    ],
    [
        "must suffice also where only some pods carry the role",
        podsWithRole({ pods: onePodRestarted }, { nodeRoles: [nodeRole({ cniPolicies: [insufficientPolicy] })] }),
        refuse(
            "node-role-without-permissions",
            "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
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
        podsWithRole(
            {},
            { nodeRoles: [nodeRole({ ...withoutPolicies, inlineCniPolicies: [inlinePolicy("own", true)] })] },
        ),
        restart("pod-n1", "pod-n1 restarts first"),
        { record: { ...record, nodeRolePolicies: {} } },
        propagated,
    ],
    [
        "do not suffice by an inline policy that grants only a part",
        podsWithRole({}, { nodeRoles: [nodeRole({ ...withoutPolicies, inlineCniPolicies: [inlinePolicy("own")] })] }),
        refuse(
            "node-role-without-permissions",
            "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
        ),
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
