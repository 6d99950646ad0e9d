import { podWithoutRole, detached, verified, right, table } from "../support/detachments";
import {
    attach,
    withoutPolicies,
    CNI_POLICY,
    incomplete,
    terminating,
    nodeRole,
    OTHER_POLICY,
    onNodeRole,
    pod,
    pods,
    record,
    memoryWith,
    ROLE,
    seconds,
    serviceAccount,
} from "../support/worlds";

const BACK = {
    do: "attach",
    policies: attach("nodes"),
    why: "pod-n2 carries no role of its own: attaching the policies to the node roles again",
};

/** Another cluster's run had detached the policy before this component saw the role. */
const neverSeen = { record: { ...record, nodeRolePolicies: { nodes: [] }, detachedBefore: { nodes: [CNI_POLICY] } } };

table("The policies come back at once", [
    ["for a pod without the role", verified(podWithoutRole, detached), BACK],
    [
        "for one that is on its way out",
        verified({ pods: [...pods(right), pod("n2", onNodeRole, { ...terminating, name: "pod-n2" })] }, detached),
        BACK,
    ],
    [
        "for one that carries the role in part",
        verified({ pods: pods(right, pod("n2", incomplete(ROLE))) }, detached),
        {
            ...BACK,
            why: "pod-n2 carries its role only in part: a container: attaching the policies to the node roles again",
        },
    ],
    [
        "for one with other credentials",
        verified({ pods: pods(right, pod("n2", { kind: "other", what: "AWS_PROFILE" })) }, detached),
        { ...BACK, why: "pod-n2 carries AWS_PROFILE: attaching the policies to the node roles again" },
    ],
    [
        "however often they came back before",
        verified(podWithoutRole, detached),
        BACK,
        {},
        memoryWith({ restores: 9, attachedAt: seconds(-31), attached: attach("nodes") }),
    ],
    [
        "right after they left again",
        verified(podWithoutRole, detached),
        BACK,
        {},
        memoryWith({ attachedAt: seconds(-5), attached: [], detachedAt: seconds(-1) }),
    ],
    [
        "before the service account is annotated again",
        verified(
            { ...podWithoutRole, serviceAccount: { ...serviceAccount, annotations: {}, roleArnOwners: [] } },
            detached,
        ),
        BACK,
    ],
    [
        "AWS's managed policy first",
        verified(podWithoutRole, detached),
        { ...BACK, policies: [...attach("nodes"), { roleName: "nodes", policyArn: OTHER_POLICY }] },
        { record: { ...record, nodeRolePolicies: { nodes: [OTHER_POLICY, CNI_POLICY] } } },
    ],
    ["also if another cluster's run had detached them before", verified(podWithoutRole, detached), BACK, neverSeen],
    [
        "once, if they were recorded since",
        verified(podWithoutRole, detached),
        BACK,
        { record: { ...neverSeen.record, nodeRolePolicies: { nodes: [CNI_POLICY] } } },
    ],
    [
        "without those that no longer exist",
        verified(podWithoutRole, detached),
        BACK,
        { record: { ...record, nodeRolePolicies: { nodes: [OTHER_POLICY, CNI_POLICY] } } },
        memoryWith({ gone: [{ roleName: "nodes", policyArn: OTHER_POLICY }] }),
    ],
    [
        "of all roles that were named",
        verified(podWithoutRole, {
            nodeRoles: [nodeRole(withoutPolicies), nodeRole({ name: "more", ...withoutPolicies })],
        }),
        { ...BACK, policies: attach("nodes", "more") },
        {
            detachFromNodeRoles: ["nodes", "more"],
            record: { ...record, nodeRolePolicies: { nodes: [CNI_POLICY], more: [CNI_POLICY] } },
        },
    ],
]);
