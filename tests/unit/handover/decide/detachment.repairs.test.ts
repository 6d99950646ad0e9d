import { astray, DETACH, detached, good, refuse, restart, right, SETTLE, table, wait } from "../support/detachments";
import {
    attach,
    bare,
    carrying,
    CNI_POLICY,
    daemonSet,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    pods,
    record,
    REGIONAL,
    remembering,
    ROLE,
    ROLE_ARN,
    seconds,
    serviceAccount,
    starting,
    subject,
} from "../support/worlds";

const woken = { ...daemonSet, woken: true };
const annotate = {
    do: "annotate",
    annotations: { [ROLE_ARN]: ROLE },
    why: "the service account has lost its annotation",
};

table("What comes before", [
    [
        "nothing comes back to a role that is gone, not named, or not recorded",
        good(astray, {
            nodeRoles: [
                nodeRole({ ...bare, exists: false }),
                nodeRole({ name: "other", ...bare }),
                nodeRole({ name: "third", ...bare }),
            ],
        }),
        restart("pod-n2", "pod-n2 carries no role of its own"),
        {
            detachFromNodeRoles: ["nodes", "third"],
            record: { ...record, nodeRolePolicies: { nodes: [CNI_POLICY], other: [CNI_POLICY] } },
        },
    ],
    [
        "nothing comes back for a pod with another role",
        good({ pods: pods(right, pod("n2", carrying("other"))) }, detached),
        restart("pod-n2", "pod-n2 carries other"),
    ],
    [
        "what was asked for is not asked for again while IAM does not show it",
        good(astray, detached),
        wait("IAM does not show the attachment yet"),
        {},
        remembering({ attachedAt: seconds(-29), attached: attach("nodes") }),
    ],
    [
        "what came back settles before the pod restarts",
        good(astray),
        SETTLE,
        {},
        remembering({ attachedAt: seconds(-1), attached: attach("nodes"), restores: 3 }),
    ],
    [
        "what has settled lets the pod restart",
        good(astray),
        restart("pod-n2", "pod-n2 carries no role of its own"),
        {},
        remembering({ attachedAt: seconds(-9), propagatedAt: seconds(-9), restores: 1 }),
    ],
    [
        "a wiped annotation is put back",
        good({ serviceAccount: { ...serviceAccount, annotations: {}, roleArnOwners: [] } }),
        annotate,
    ],
    [
        "an annotation that is wiped beside another that stays is put back",
        good(),
        { ...annotate, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "false" } },
        { subject: { ...subject, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "false" } } },
    ],
    [
        "the component's own former annotation is replaced",
        good({ serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: "old" } } }),
        annotate,
    ],
    ["a pod that the webhook missed restarts", good(astray), restart("pod-n2", "pod-n2 carries no role of its own")],
    [
        "a pod without the regional endpoint that was asked for restarts",
        good({
            serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "true" } },
            pods: pods({ kind: "webIdentity", roleArn: ROLE, regionalSts: "regional" }, pod("n2", right)),
        }),
        restart("pod-n2", `pod-n2 carries ${ROLE}`),
        {
            subject: { ...subject, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "true" } },
        },
    ],
    [
        "a pod of the old template is the DaemonSet's",
        good({ pods: pods(right, pod("n2", onNodeRole, { current: false })) }),
        wait("2 pods carry the role, 1 still have the old template"),
    ],
    [
        "and ours with OnDelete",
        good({
            daemonSet: { ...daemonSet, updateStrategy: "OnDelete" },
            pods: pods(right, pod("n2", right, { current: false })),
        }),
        restart("pod-n2", `pod-n2 carries ${ROLE}`),
    ],
    [
        "no pod restarts while as many are missing as may be",
        good({ pods: [pod("n1", right, starting), pod("n2", onNodeRole), pod("n3", right)] }),
        wait("1 pods to restart, 1 starting"),
    ],
    [
        "one more restarts where more may be missing",
        good({
            daemonSet: { ...daemonSet, maxUnavailable: 2 },
            pods: [pod("n1", right, starting), pod("n2", onNodeRole), pod("n3", right)],
        }),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
    [
        "one that is not Ready restarts first, and whatever is missing",
        good({ pods: [pod("n1", onNodeRole), pod("n2", onNodeRole, starting), pod("n3", right)] }),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
    [
        "refused pods are tried again",
        good({ pods: [pod("n1", right), pod("n2", right)], refusedPods: ["no"] }),
        { do: "wake", why: "pods of n3 were refused; making the DaemonSet controller retry" },
    ],
    [
        "and not more often than every five seconds",
        good({ pods: [pod("n1", right), pod("n2", right)], refusedPods: ["no"] }),
        wait("2 of 3 pods are Ready (no pod yet on n3)"),
        {},
        remembering({ wokenAt: seconds(-5) }),
    ],
    [
        "the mark of that goes once all are there, before anything is detached",
        good({ daemonSet: woken }),
        { do: "removeWakeMark", why: "removing the mark that made the DaemonSet try again" },
    ],
    [
        "and not while one is missing",
        good({ daemonSet: woken, pods: [pod("n1", right), pod("n2", right)] }),
        wait("2 of 3 pods are Ready (no pod yet on n3)"),
    ],
    ["nothing is tried again where nothing is missing", good({ refusedPods: ["no"] }), DETACH],
    [
        "a guard that is no longer asked for goes",
        good({}, detached),
        { do: "removeInjectionGuard", why: "removing the injection guard, which the program no longer asks for" },
        { injectionGuard: false },
    ],
    [
        "where the policies have come back they settle before",
        good(),
        SETTLE,
        { injectionGuard: false, detachFromNodeRoles: undefined },
    ],
    [
        "and then it goes",
        good(),
        { do: "removeInjectionGuard", why: "removing the injection guard, which the program no longer asks for" },
        { injectionGuard: false, detachFromNodeRoles: undefined },
        remembering({ propagatedAt: NOW }),
    ],
    [
        "where no role was ever named it goes at once",
        good(),
        { do: "removeInjectionGuard", why: "removing the injection guard, which the program no longer asks for" },
        { injectionGuard: false, detachFromNodeRoles: undefined, record: { ...record, namedNodeRoles: [] } },
    ],
]);

const away = [node("n1"), node("n2"), node("n3", { ready: false })];

table("NotReady nodes that may be ignored", [
    [
        "give their pod up at the API",
        good({ nodes: away, pods: pods(right, pod("n3", onNodeRole, starting)) }),
        { do: "forceRestart", pod: "pod-n3", why: "n3 is NotReady: its kubelet ends the pod when it returns" },
        { maxNotReadyNodes: 1 },
    ],
    [
        "do not hold up the rest when their pod carries the role",
        good({ nodes: away, pods: pods(right, pod("n3", right, starting)) }),
        { ...DETACH, why: "2 pods carry the role: detaching the policies from nodes" },
        { maxNotReadyNodes: 1 },
    ],
    [
        "may be of a role that cannot be told",
        good(
            { nodes: away, pods: pods(right, pod("n3", right, starting)) },
            { roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes" } },
        ),
        { ...DETACH, why: "2 pods carry the role: detaching the policies from nodes" },
        { maxNotReadyNodes: 1 },
    ],
    [
        "use the DaemonSet's limit up: it stands still, and what it would replace is ours",
        good({
            nodes: away,
            pods: [pod("n1", right), pod("n2", onNodeRole, { current: false }), pod("n3", onNodeRole, starting)],
        }),
        restart("pod-n2", "pod-n2 carries no role of its own"),
        { maxNotReadyNodes: 1 },
    ],
    [
        "leave the rest to the DaemonSet as long as its limit allows it more",
        good({
            daemonSet: { ...daemonSet, maxUnavailable: 2 },
            nodes: away,
            pods: [pod("n1", right), pod("n2", onNodeRole, { current: false }), pod("n3", onNodeRole, starting)],
        }),
        wait("1 pods carry the role, 1 still have the old template"),
        { maxNotReadyNodes: 1 },
    ],
    [
        "are not ignored when there are more than that",
        good({
            nodes: [node("n1"), node("n2", { ready: false }), node("n3", { ready: false })],
            pods: pods(right, pod("n2", right, starting), pod("n3", right, starting)),
        }),
        wait("1 of 3 pods are Ready (not Ready yet: pod-n2, pod-n3; NotReady: n2, n3)"),
        { maxNotReadyNodes: 1 },
    ],
    [
        "end the run when their pods were given up five times",
        good({ nodes: away, pods: pods(right, pod("n3", onNodeRole, starting)) }),
        refuse(
            "restart-limit",
            "The pod on node n3 was restarted 5 times, and still: n3 is NotReady: its kubelet ends the pod when it returns.",
        ),
        { maxNotReadyNodes: 1 },
        remembering({ restarts: { n3: 5 } }),
    ],
]);
