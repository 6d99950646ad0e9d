import { astray, detached, good, right, table } from "../support/detachments";
import {
    attach,
    bare,
    CNI_POLICY,
    inPart,
    leaving,
    nodeRole,
    onNodeRole,
    pod,
    pods,
    record,
    remembering,
    ROLE,
    seconds,
    serviceAccount,
} from "../support/worlds";

const BACK = {
    do: "attach",
    policies: attach("nodes"),
    why: "pod-n2 carries no role of its own: attaching the policies to the node roles again",
};

table("The policies come back at once", [
    ["for a pod without the role", good(astray, detached), BACK],
    [
        "for one that is on its way out",
        good({ pods: [...pods(right), pod("n2", onNodeRole, { ...leaving, name: "pod-n2" })] }, detached),
        BACK,
    ],
    [
        "for one that carries the role in part",
        good({ pods: pods(right, pod("n2", inPart(ROLE))) }, detached),
        {
            ...BACK,
            why: "pod-n2 carries its role only in part: a container: attaching the policies to the node roles again",
        },
    ],
    [
        "for one with other credentials",
        good({ pods: pods(right, pod("n2", { kind: "other", what: "AWS_PROFILE" })) }, detached),
        { ...BACK, why: "pod-n2 carries AWS_PROFILE: attaching the policies to the node roles again" },
    ],
    [
        "however often they came back before",
        good(astray, detached),
        BACK,
        {},
        remembering({ restores: 9, attachedAt: seconds(-31), attached: attach("nodes") }),
    ],
    [
        "right after they left again",
        good(astray, detached),
        BACK,
        {},
        remembering({ attachedAt: seconds(-5), attached: [], detachedAt: seconds(-1) }),
    ],
    [
        "before the service account is annotated again",
        good({ ...astray, serviceAccount: { ...serviceAccount, annotations: {}, roleArnOwners: [] } }, detached),
        BACK,
    ],
    [
        "of all roles that were named",
        good(astray, { nodeRoles: [nodeRole(bare), nodeRole({ name: "more", ...bare })] }),
        { ...BACK, policies: attach("nodes", "more") },
        {
            detachFromNodeRoles: ["nodes", "more"],
            record: { ...record, nodeRolePolicies: { nodes: [CNI_POLICY], more: [CNI_POLICY] } },
        },
    ],
]);
