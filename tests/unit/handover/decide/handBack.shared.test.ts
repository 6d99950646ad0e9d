import {
    AWAIT_PROPAGATION,
    DONE,
    guardInForce,
    podsWithoutRole,
    podsWithRole,
    propagated,
    refuse,
    released,
    REMOVE_GUARD,
    restart,
    table,
    wait,
    withFormerRole,
} from "../support/handBacks";
import { BLUE, sharedAndDetached, sharedWith } from "../support/sharedNodeRoles";
import {
    attach,
    CNI_POLICY,
    memoryWith,
    nodeRole,
    OTHER_POLICY,
    record,
    seconds,
    withoutPolicies,
} from "../support/worlds";

const shared = { nodeRoles: [sharedAndDetached(BLUE)] };
const ATTACH = { do: "attach", policies: attach("nodes"), why: "attaching the recorded policies again to nodes" };
const FIRST = restart("pod-n1", "pod-n1 restarts first");
const NO_PERMISSIONS = refuse(
    "node-role-without-permissions",
    "Nodes run with nodes, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.",
);
/** The program does not list the node role. */
const unlisted = { record: { ...record, namedNodeRoles: [] } };
/** This component has never seen the policy attached. */
const neverSeen = { record: { ...record, nodeRolePolicies: { nodes: [] }, detachedBefore: { nodes: [CNI_POLICY] } } };
const neither = { record: { ...neverSeen.record, namedNodeRoles: [] } };

table("On the way back, a node role that other clusters use", [
    ["gets its recorded policy back, whatever run has detached it", podsWithRole({}, shared), ATTACH],
    [
        "gets it back for pods that carry the role, if the program does not list it",
        podsWithRole({}, shared),
        ATTACH,
        unlisted,
    ],
    ["gets one that this component has never seen", podsWithRole({}, shared), ATTACH, neverSeen],
    ["gets one that it has neither seen nor listed", podsWithRole({}, shared), ATTACH, neither],
    [
        "is not asked again while IAM does not show it",
        podsWithRole({}, shared),
        wait("IAM does not show the attachment yet"),
        unlisted,
        memoryWith({ attachedAt: seconds(-29), attached: attach("nodes") }),
    ],
    [
        "gets the policy before the injection guard goes",
        podsWithRole({ injectionGuard: guardInForce }, shared),
        ATTACH,
        neverSeen,
    ],
    [
        "is waited for, also if an earlier run has attached the policy",
        podsWithRole({}, { nodeRoles: [sharedWith([BLUE])] }),
        AWAIT_PROPAGATION,
        unlisted,
    ],
    [
        "has its pods restarted after that",
        podsWithRole({}, { nodeRoles: [sharedWith([BLUE])] }),
        FIRST,
        unlisted,
        propagated,
    ],
    [
        "loses the injection guard after that",
        podsWithRole({ injectionGuard: guardInForce }, { nodeRoles: [sharedWith([BLUE])] }),
        REMOVE_GUARD,
        neverSeen,
        propagated,
    ],
    [
        "is refused if the policy is gone",
        podsWithRole({}, shared),
        NO_PERMISSIONS,
        unlisted,
        memoryWith({ propagatedAt: seconds(-60), gone: attach("nodes") }),
    ],
    [
        "gets nothing that the program does not list, if no pod returns to it",
        podsWithoutRole({}, shared),
        DONE,
        unlisted,
        released,
    ],
    [
        "gets nothing that was never seen, if no pod returns to it",
        podsWithoutRole({}, shared),
        DONE,
        neverSeen,
        released,
    ],
    [
        "gets nothing that was never seen, if the pods return to a role of before",
        podsWithRole({}, shared),
        FIRST,
        { ...neverSeen, ...withFormerRole },
        propagated,
    ],
    [
        "gets nothing unlisted, and is not waited for, if the pods return to a role of before",
        podsWithRole({}, shared),
        FIRST,
        { ...unlisted, ...withFormerRole },
    ],
    [
        "gets nothing that was never seen, if another policy suffices",
        podsWithRole(
            {},
            {
                nodeRoles: [
                    sharedWith([BLUE], { cniPolicies: [{ arn: OTHER_POLICY, kind: "cni", sufficient: true }] }),
                ],
            },
        ),
        FIRST,
        neverSeen,
        propagated,
    ],
    [
        "gets nothing unlisted, if another policy suffices",
        podsWithRole(
            {},
            {
                nodeRoles: [
                    sharedWith([BLUE], { cniPolicies: [{ arn: OTHER_POLICY, kind: "cni", sufficient: true }] }),
                ],
            },
        ),
        FIRST,
        unlisted,
        propagated,
    ],
    [
        "gets nothing that was never seen as a role of the same program without nodes",
        podsWithRole(
            {},
            {
                nodeRoles: [nodeRole(), nodeRole({ ...withoutPolicies, name: "idle", instancesOfCluster: [] })],
            },
        ),
        FIRST,
        {
            record: {
                ...record,
                namedNodeRoles: ["nodes", "idle"],
                ownNodeRoles: ["idle"],
                detachedBefore: { idle: [CNI_POLICY] },
            },
        },
        propagated,
    ],
    [
        "gets it as a role of the same program without nodes here, if other clusters have some",
        podsWithRole(
            {},
            {
                nodeRoles: [
                    nodeRole(),
                    sharedWith([BLUE], { ...withoutPolicies, name: "idle", instancesOfCluster: [] }),
                ],
            },
        ),
        { do: "attach", policies: attach("idle"), why: "attaching the recorded policies again to idle" },
        {
            record: {
                ...record,
                namedNodeRoles: ["nodes", "idle"],
                ownNodeRoles: ["idle"],
                detachedBefore: { idle: [CNI_POLICY] },
            },
        },
        propagated,
    ],
    [
        "gets it without nodes as well, for the next node, once pods return to another role",
        podsWithRole(
            {},
            {
                nodeRoles: [
                    nodeRole(),
                    sharedWith([BLUE], { ...withoutPolicies, name: "idle", instancesOfCluster: [] }),
                ],
            },
        ),
        { do: "attach", policies: attach("idle"), why: "attaching the recorded policies again to idle" },
        {
            record: { ...record, namedNodeRoles: ["nodes", "idle"], detachedBefore: { idle: [CNI_POLICY] } },
        },
        propagated,
    ],
]);

table("On the way back, a node role of this cluster alone", [
    [
        "gets no policy back that the program does not list",
        podsWithRole({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
        NO_PERMISSIONS,
        unlisted,
    ],
    ["is not waited for, if the program does not list it", podsWithRole(), FIRST, unlisted],
]);
