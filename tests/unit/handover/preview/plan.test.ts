import {
    ANNOTATE,
    canary,
    DETACH,
    changes,
    preflightWithoutNodeRoles,
    restart,
    ROLLING,
    ROLLING_AS_LISTED,
    DETACH_REMAINS,
    table,
    changesWithRemaining,
    inputsWithoutNodeRoles,
    wait,
} from "../support/plans";
import { seen } from "../support/preflights";
import {
    inlinePolicy,
    BROAD_POLICY,
    OTHER_POLICY_FIX,
    carrying,
    CNI_POLICY,
    daemonSet,
    terminating,
    node,
    nodeRole,
    onNodeRole,
    pod,
    pods,
    ROLE,
    serviceAccount,
    starting,
} from "../support/worlds";

const onDelete = { ...daemonSet, updateStrategy: "OnDelete" as const };
const broad = { arn: BROAD_POLICY, kind: "broad" as const, sufficient: true };
const managed = { arn: CNI_POLICY, kind: "cni" as const, sufficient: true };

table("The plan of a first hand-over", [
    ["is each step in its order", seen(), changes(ANNOTATE, canary("pod-n1", "n1"), ROLLING, DETACH)],
    [
        "detaches nothing where no node role is named, and says what is left to do then",
        seen(),
        changesWithRemaining([DETACH_REMAINS], ANNOTATE, canary("pod-n1", "n1"), ROLLING),
        inputsWithoutNodeRoles,
        preflightWithoutNodeRoles,
    ],
    [
        "restarts nothing where each pod carries the role by an annotation of before",
        seen({
            pods: pods(carrying(ROLE)),
            serviceAccount: { ...serviceAccount, roleArnOwners: ["kubectl-annotate"] },
        }),
        changes(DETACH),
    ],
    [
        "asks for forceDetachPolicies on a node role of the same program, unless it is set",
        seen(),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            ROLLING,
            DETACH,
            "[force-detach] This program manages nodes. Set forceDetachPolicies: true on that role, or IAM refuses to delete it while " +
                "it holds the policy that destroy attaches again.",
        ),
        {
            ownNodeRoles: [
                { name: "nodes", forceDetachPolicies: undefined },
                { name: "more", forceDetachPolicies: false },
            ],
        },
    ],
    [
        "asks so where the policy is detached from other node roles as well",
        seen(
            {},
            {
                roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "nodes" },
                nodeRoles: [nodeRole(), nodeRole({ name: "gpu", instancesOfCluster: [] })],
            },
        ),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            ROLLING,
            DETACH,
            DETACH.replace("nodes", "gpu"),
            "[force-detach] This program manages gpu. Set forceDetachPolicies: true on that role, or IAM refuses to delete it while " +
                "it holds the policy that destroy attaches again.",
        ),
        { detachFromNodeRoles: ["nodes", "gpu"], ownNodeRoles: [{ name: "gpu", forceDetachPolicies: undefined }] },
        { detachFromNodeRoles: ["nodes", "gpu"] },
    ],
    [
        "does not ask where it is set",
        seen(),
        changes(ANNOTATE, canary("pod-n1", "n1"), ROLLING, DETACH),
        { ownNodeRoles: [{ name: "nodes", forceDetachPolicies: true }] },
    ],
    [
        "says nothing of a mark that a wake has left",
        seen({ daemonSet: { ...daemonSet, woken: true } }),
        changes(ANNOTATE, canary("pod-n1", "n1"), ROLLING, DETACH),
    ],
    [
        "restarts the pods itself where the DaemonSet does not",
        seen({ daemonSet: onDelete }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            restart("The live checks restart 3 pods, within the DaemonSet's maxUnavailable: pod-n1, pod-n2, pod-n3"),
            DETACH,
        ),
    ],
    [
        "has a canary for each node role",
        seen(
            {},
            {
                roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "gpu" },
                nodeRoles: [nodeRole(), nodeRole({ name: "gpu" })],
            },
        ),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            "[canary] pod-n3 on n3, a node of gpu, restarts first and is watched for 20 s.",
            ROLLING,
            `[detach] ${CNI_POLICY} is detached from nodes once every pod carries the role.`,
            `[detach] ${CNI_POLICY} is detached from gpu once every pod carries the role.`,
        ),
        { detachFromNodeRoles: ["nodes", "gpu"] },
        { detachFromNodeRoles: ["nodes", "gpu"] },
    ],
    [
        "tells no node role of a node that has none, where nothing is detached",
        seen({}, { roleOfInstance: {} }),
        changes(ANNOTATE, "[canary] pod-n1 on n1 restarts first and is watched for 20 s.", ROLLING),
        inputsWithoutNodeRoles,
        preflightWithoutNodeRoles,
    ],
    [
        "does not count a pod that is on its way out",
        seen({ pods: [pod("n1", onNodeRole, { name: "old", uid: "old", ...terminating }), ...pods(onNodeRole)] }),
        changes(ANNOTATE, canary("pod-n1", "n1"), ROLLING, DETACH),
    ],
    [
        "takes a pod for a canary that a killed run has left with the role",
        seen({
            serviceAccount,
            pods: pods(onNodeRole, pod("n2", carrying(ROLE))),
        }),
        changes(ROLLING_AS_LISTED, DETACH),
    ],
    [
        "waits for a pod that is starting, and counts it as the others",
        seen({ serviceAccount, pods: pods(onNodeRole, pod("n2", carrying(ROLE), starting)) }),
        changes(ROLLING_AS_LISTED, DETACH),
    ],
    [
        "tells how many pods the rolling update takes at a time",
        seen({ daemonSet: { ...daemonSet, maxUnavailable: 2 } }),
        changes(ANNOTATE, canary("pod-n1", "n1"), ROLLING.replace("1 at a time", "2 at a time"), DETACH),
    ],
    [
        "names five pods and counts the rest",
        seen({
            nodes: ["a", "b", "c", "d", "e", "f"].map((name) => node(name)),
            pods: ["a", "b", "c", "d", "e", "f"].map((name) => pod(name, onNodeRole)),
        }),
        changesWithRemaining(
            [DETACH_REMAINS],
            ANNOTATE,
            canary("pod-a", "a"),
            "[restart] The DaemonSet's rolling update restarts 6 pods, 1 at a time: pod-a, pod-b, pod-c, pod-d, pod-e and 1 more.",
        ),
        inputsWithoutNodeRoles,
        preflightWithoutNodeRoles,
    ],
    [
        "lists other policies with the same calls, which stay",
        seen(
            {},
            { nodeRoles: [nodeRole({ cniPolicies: [managed, broad], inlineCniPolicies: [inlinePolicy("inline")] })] },
        ),
        changesWithRemaining(
            [
                `[other-policy] nodes also holds ${BROAD_POLICY}, which also grants actions of the CNI. ${OTHER_POLICY_FIX}`,
                "[inline-policy] nodes has the inline policy inline, which also grants actions of the CNI. The component does not " +
                    "change it. Remove these actions from it if the nodes do not need them.",
            ],
            ANNOTATE,
            canary("pod-n1", "n1"),
            ROLLING,
            DETACH,
        ),
    ],
    [
        "takes away which policies are named",
        seen({}, { nodeRoles: [nodeRole({ cniPolicies: [managed, broad] })] }),
        changesWithRemaining(
            [
                `[other-policy] nodes also holds ${CNI_POLICY}, which also grants actions of the CNI. ${OTHER_POLICY_FIX}`,
            ],
            ANNOTATE,
            canary("pod-n1", "n1"),
            ROLLING,
            `[detach] ${BROAD_POLICY} is detached from nodes once every pod carries the role.`,
        ),
        { detachPolicyArns: [BROAD_POLICY] },
    ],
    [
        "says that nothing is proved where there is no node",
        seen({ nodes: [], pods: [] }, { nodeRoles: [nodeRole({ instancesOfCluster: [] })] }),
        changesWithRemaining(
            ["[no-nodes] No pod was tested with the role, since the cluster has no nodes."],
            ANNOTATE,
            DETACH,
        ),
    ],
]);

table("The plan of what does not come by itself", [
    [
        "names the node that is NotReady, and what it holds up",
        seen({ nodes: [node("n1"), node("n2", { ready: false }), node("n3")] }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            ROLLING,
            wait("2 pods carry the role, 1 still have the old template (NotReady: n2)"),
        ),
    ],
    [
        "goes on where it is ignored",
        seen({ nodes: [node("n1"), node("n2", { ready: false }), node("n3")] }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            ROLLING,
            restart("The live checks restart 1 pod, within the DaemonSet's maxUnavailable: pod-n2"),
            DETACH,
        ),
        { maxNotReadyNodes: 1 },
    ],
    [
        "is only the canary where no node is Ready",
        seen({ nodes: ["n1", "n2", "n3"].map((name) => node(name, { ready: false })), pods: [] }),
        changes(
            ANNOTATE,
            wait(
                "no canary of nodes yet, because these nodes are NotReady and have no pod: n1, n2, n3 (NotReady: n1, n2, n3)",
            ),
        ),
    ],
    [
        "names the instance that has not joined",
        seen({}, { nodeRoles: [nodeRole({ instancesOfCluster: ["i-n1", "i-n2", "i-n3", "i-n4"] })] }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            ROLLING,
            wait("instances with a node role have not joined yet: i-n4"),
        ),
    ],
]);
