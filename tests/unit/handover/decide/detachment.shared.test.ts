import { DETACH, DONE, inForce, right, table, verified, wait } from "../support/detachments";
import { BLUE, GREEN, sharedAndDetached, sharedWith } from "../support/sharedNodeRoles";
import {
    attach,
    CNI_POLICY,
    memoryWith,
    nodeRole,
    onNodeRole,
    pod,
    pods,
    record,
    seconds,
    starting,
    withoutPolicies,
} from "../support/worlds";

const KEPT = { do: "done", why: "3 pods carry the role; nodes keeps its policies" };
const shared = { nodeRoles: [sharedWith([BLUE])] };
const named = { handedOverClusterArns: [BLUE] };
const two = (...nodeRoles: ReturnType<typeof nodeRole>[]) => ({
    nodeRoles,
    roleOfInstance: { "i-n1": "nodes", "i-n2": "more", "i-n3": "more" },
});
const both = { detachFromNodeRoles: ["nodes", "more"] };
const bothRecorded = {
    ...both,
    record: {
        ...record,
        namedNodeRoles: ["nodes", "more"],
        nodeRolePolicies: { nodes: [CNI_POLICY], more: [CNI_POLICY] },
    },
};
const leftBefore = { detachedFrom: ["nodes"], handedOverClusterArns: [BLUE] };

const undecidedActions = { actions: ["ec2:CreateTags"], why: "Nothing shows it.", fix: "Allow it." };

table("A node role, where a writing action of the plugin is not decided", [
    ["keeps its policies, and the update is done", verified({}, { undecidedActions }), KEPT],
    ["has lost them already", verified({}, { undecidedActions, nodeRoles: [nodeRole(withoutPolicies)] }), DONE],
    [
        "gets them back all the same if a pod needs them",
        verified(
            { pods: pods(right, pod("n2", onNodeRole)) },
            { undecidedActions, nodeRoles: [nodeRole(withoutPolicies)] },
        ),
        {
            do: "attach",
            policies: attach("nodes"),
            why: "pod-n2 carries no role of its own: attaching the policies to the node roles again",
        },
    ],
]);

table("A node role that other clusters use", [
    ["keeps its policies, and the update is done", verified({}, shared), KEPT],
    [
        "keeps them where not every cluster is named",
        verified({}, { nodeRoles: [sharedWith([BLUE, GREEN])] }),
        KEPT,
        named,
    ],
    ["loses them where every cluster is named", verified({}, shared), DETACH, named],
    [
        "has lost them already, by the run of another cluster",
        verified({}, { nodeRoles: [sharedAndDetached(BLUE)] }),
        DONE,
    ],
    [
        "keeps them if they were attached again since the last update",
        verified({}, shared),
        KEPT,
        { ...named, leftBefore },
    ],
    [
        "is not detached again by a run that has detached it once",
        verified({}, shared),
        KEPT,
        named,
        memoryWith({ detachedAt: seconds(-31) }),
    ],
    [
        "is waited for as long as IAM may show the former state",
        verified({}, shared),
        wait("IAM does not show the detachment yet"),
        named,
        memoryWith({ detachedAt: seconds(-29) }),
    ],
    [
        "does not keep the others from being detached",
        verified({}, two(sharedWith([BLUE]), nodeRole({ name: "more" }))),
        {
            do: "detach",
            policies: attach("more"),
            why: "3 pods carry the role: detaching the policies from nodes, more",
        },
        bothRecorded,
    ],
    [
        "is named besides those that are detached, while the pods are watched",
        verified({}, two(sharedWith([BLUE]), nodeRole({ ...withoutPolicies, name: "more" }))),
        wait("the policies are detached from more; nodes keeps its policies; watching the pods for 20 s"),
        bothRecorded,
        memoryWith({ detachedAt: seconds(-5) }),
    ],
    [
        "is one of two that keep their policies",
        verified({}, two(sharedWith([BLUE]), sharedWith([BLUE], { name: "more" }))),
        { do: "done", why: "3 pods carry the role; nodes, more keep their policies" },
        bothRecorded,
    ],
    [
        "has nodes of this cluster whose instances have not joined, without effect",
        verified({}, { nodeRoles: [sharedWith([BLUE], { instancesOfCluster: ["i-n1", "i-late"] })] }),
        KEPT,
    ],
    [
        "loses a policy that another cluster's run had detached before, and that a run here has attached for a pod",
        verified({}, shared),
        DETACH,
        { ...named, record: { ...record, nodeRolePolicies: { nodes: [] }, detachedBefore: { nodes: [CNI_POLICY] } } },
    ],
    [
        "is done only under the injection guard, on which the run of another cluster relies",
        verified({ injectionGuard: { ...inForce, inForce: false } }, shared),
        wait("the injection guard is not in force yet"),
    ],
    [
        "is done without the injection guard, if the program does not ask for it",
        verified({ injectionGuard: { present: false, inForce: false } }, shared),
        KEPT,
        { injectionGuard: false },
    ],
    [
        "is done only when every pod carries the role",
        verified({ pods: pods(right, pod("n1", right, starting)) }, shared),
        wait("2 of 3 pods are Ready (not Ready yet: pod-n1)"),
    ],
    [
        "gets its policies back at once if a pod here needs them, whatever run has detached them",
        verified({ pods: pods(right, pod("n2", onNodeRole)) }, { nodeRoles: [sharedAndDetached(BLUE)] }),
        {
            do: "attach",
            policies: attach("nodes"),
            why: "pod-n2 carries no role of its own: attaching the policies to the node roles again",
        },
        named,
    ],
]);
