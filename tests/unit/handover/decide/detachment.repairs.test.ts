import {
    podWithoutRole,
    DETACH,
    detached,
    verified,
    refuse,
    restart,
    right,
    AWAIT_PROPAGATION,
    table,
    wait,
} from "../support/detachments";
import {
    attach,
    withoutPolicies,
    carrying,
    CNI_POLICY,
    daemonSet,
    FORMER_ROLE,
    formerAccount,
    otherCarrier,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    pods,
    record,
    REGIONAL,
    memoryWith,
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
    why: "the service account has lost its annotation: annotating it again",
};

table("What comes before", [
    [
        "a former service account gives no role any more",
        verified({ formerServiceAccounts: [formerAccount], otherCarriers: [otherCarrier("arm-1", FORMER_ROLE)] }),
        {
            do: "releaseServiceAccount",
            account: formerAccount,
            leaving: {},
            why: "removing the annotation from the former service account kube-system/former",
        },
        { record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] } },
    ],
    ["other pods keep a role that stays", verified({ otherCarriers: [otherCarrier("arm-1", ROLE)] }), DETACH],
    [
        "other pods keep a role that was never approved",
        verified({ otherCarriers: [otherCarrier("arm-1", FORMER_ROLE)] }),
        DETACH,
    ],
    [
        "nothing comes back to a role that is gone, not named, or not recorded",
        verified(podWithoutRole, {
            nodeRoles: [
                nodeRole({ ...withoutPolicies, exists: false }),
                nodeRole({ name: "other", ...withoutPolicies }),
                nodeRole({ name: "third", ...withoutPolicies }),
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
        verified({ pods: pods(right, pod("n2", carrying("other"))) }, detached),
        restart("pod-n2", "pod-n2 carries other"),
    ],
    [
        "what was asked for is not asked for again while IAM does not show it",
        verified(podWithoutRole, detached),
        wait("IAM does not show the attachment yet"),
        {},
        memoryWith({ attachedAt: seconds(-29), attached: attach("nodes") }),
    ],
    [
        "what came back settles before the pod restarts",
        verified(podWithoutRole),
        AWAIT_PROPAGATION,
        {},
        memoryWith({ attachedAt: seconds(-1), attached: attach("nodes"), restores: 3 }),
    ],
    [
        "what has settled lets the pod restart",
        verified(podWithoutRole),
        restart("pod-n2", "pod-n2 carries no role of its own"),
        {},
        memoryWith({ attachedAt: seconds(-9), propagatedAt: seconds(-9), restores: 1 }),
    ],
    [
        "a wiped annotation is put back",
        verified({ serviceAccount: { ...serviceAccount, annotations: {}, roleArnOwners: [] } }),
        annotate,
    ],
    [
        "an annotation that is wiped while another one stays is put back",
        verified(),
        { ...annotate, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "false" } },
        { subject: { ...subject, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "false" } } },
    ],
    [
        "the component's own former annotation is replaced",
        verified({ serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: "old" } } }),
        annotate,
    ],
    [
        "a pod that the webhook missed restarts",
        verified(podWithoutRole),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
    [
        "a pod without the regional endpoint that was asked for restarts",
        verified({
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
        verified({ pods: pods(right, pod("n2", onNodeRole, { current: false })) }),
        wait("2 pods carry the role, 1 still has the old template"),
    ],
    [
        "and no fault with OnDelete: a newer one waits there until the pod restarts",
        verified({
            daemonSet: { ...daemonSet, updateStrategy: "OnDelete" },
            pods: pods(right, pod("n2", right, { current: false })),
        }),
        DETACH,
    ],
    [
        "and with OnDelete restarts for the role alone",
        verified({
            daemonSet: { ...daemonSet, updateStrategy: "OnDelete" },
            pods: [
                pod("n1", right, { current: false }),
                pod("n2", onNodeRole, { current: false }),
                pod("n3", onNodeRole),
            ],
        }),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
    [
        "and with OnDelete is waited for like another until it is Ready",
        verified({
            daemonSet: { ...daemonSet, updateStrategy: "OnDelete" },
            pods: pods(right, pod("n2", right, { current: false, ...starting })),
        }),
        wait("2 of 3 pods are Ready (not Ready yet: pod-n2)"),
    ],
    [
        "no pod restarts while as many are missing as may be",
        verified({ pods: [pod("n1", right, starting), pod("n2", onNodeRole), pod("n3", right)] }),
        wait("1 pod to restart, 1 starting"),
    ],
    [
        "one more restarts where more may be missing",
        verified({
            daemonSet: { ...daemonSet, maxUnavailable: 2 },
            pods: [pod("n1", right, starting), pod("n2", onNodeRole), pod("n3", right)],
        }),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
    [
        "one that is not Ready restarts first, and whatever is missing",
        verified({ pods: [pod("n1", onNodeRole), pod("n2", onNodeRole, starting), pod("n3", right)] }),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
    [
        "refused pods are tried again",
        verified({ pods: [pod("n1", right), pod("n2", right)], refusedPods: ["no"] }),
        { do: "wake", why: "the API server refused the pods for n3; making the DaemonSet controller retry" },
    ],
    [
        "and not more often than every five seconds",
        verified({ pods: [pod("n1", right), pod("n2", right)], refusedPods: ["no"] }),
        wait("2 of 3 pods are Ready (no pod yet on n3)"),
        {},
        memoryWith({ wokenAt: seconds(-5) }),
    ],
    [
        "the mark of that goes once all are there, before anything is detached",
        verified({ daemonSet: woken }),
        { do: "removeWakeMark", why: "removing the annotation that made the DaemonSet controller retry" },
    ],
    [
        "and not while one is missing",
        verified({ daemonSet: woken, pods: [pod("n1", right), pod("n2", right)] }),
        wait("2 of 3 pods are Ready (no pod yet on n3)"),
    ],
    ["nothing is tried again where nothing is missing", verified({ refusedPods: ["no"] }), DETACH],
    [
        "a guard that is no longer asked for goes",
        verified({}, detached),
        { do: "removeInjectionGuard", why: "removing the injection guard, which the program no longer asks for" },
        { injectionGuard: false },
    ],
    [
        "where the policies have come back they settle before",
        verified(),
        AWAIT_PROPAGATION,
        { injectionGuard: false, detachFromNodeRoles: undefined },
    ],
    [
        "and then it goes",
        verified(),
        { do: "removeInjectionGuard", why: "removing the injection guard, which the program no longer asks for" },
        { injectionGuard: false, detachFromNodeRoles: undefined },
        memoryWith({ propagatedAt: NOW }),
    ],
    [
        "and not where a killed run's detachment shows only now: the policies come back first",
        verified({}, detached),
        {
            do: "attach",
            policies: attach("nodes"),
            why: "attaching the recorded policies again to nodes",
        },
        { injectionGuard: false, detachFromNodeRoles: undefined },
        memoryWith({ propagatedAt: NOW }),
    ],
    [
        "which settle once more",
        verified(),
        AWAIT_PROPAGATION,
        { injectionGuard: false, detachFromNodeRoles: undefined },
        memoryWith({ propagatedAt: seconds(-1), attachedAt: NOW }),
    ],
    [
        "where no role was ever named it goes at once",
        verified(),
        { do: "removeInjectionGuard", why: "removing the injection guard, which the program no longer asks for" },
        { injectionGuard: false, detachFromNodeRoles: undefined, record: { ...record, namedNodeRoles: [] } },
    ],
]);

const n3NotReady = [node("n1"), node("n2"), node("n3", { ready: false })];

table("NotReady nodes that may be ignored", [
    [
        "give their pod up at the API",
        verified({ nodes: n3NotReady, pods: pods(right, pod("n3", onNodeRole, starting)) }),
        { do: "forceRestart", pod: "pod-n3", why: "n3 is NotReady: its kubelet stops the pod when the node is back" },
        { maxNotReadyNodes: 1 },
    ],
    [
        "do not hold up the rest when their pod carries the role",
        verified({ nodes: n3NotReady, pods: pods(right, pod("n3", right, starting)) }),
        { ...DETACH, why: "2 pods carry the role: detaching the policies from nodes" },
        { maxNotReadyNodes: 1 },
    ],
    [
        "may have an unknown role",
        verified(
            { nodes: n3NotReady, pods: pods(right, pod("n3", right, starting)) },
            { roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes" } },
        ),
        { ...DETACH, why: "2 pods carry the role: detaching the policies from nodes" },
        { maxNotReadyNodes: 1 },
    ],
    [
        "use the DaemonSet's limit up: it stands still, and what it would replace is ours",
        verified({
            nodes: n3NotReady,
            pods: [pod("n1", right), pod("n2", onNodeRole, { current: false }), pod("n3", onNodeRole, starting)],
        }),
        restart("pod-n2", "pod-n2 carries no role of its own"),
        { maxNotReadyNodes: 1 },
    ],
    [
        "leave the rest to the DaemonSet as long as its limit allows it more",
        verified({
            daemonSet: { ...daemonSet, maxUnavailable: 2 },
            nodes: n3NotReady,
            pods: [pod("n1", right), pod("n2", onNodeRole, { current: false }), pod("n3", onNodeRole, starting)],
        }),
        wait("1 pod carries the role, 1 still has the old template"),
        { maxNotReadyNodes: 1 },
    ],
    [
        "are not ignored when there are more than that",
        verified({
            nodes: [node("n1"), node("n2", { ready: false }), node("n3", { ready: false })],
            pods: pods(right, pod("n2", right, starting), pod("n3", right, starting)),
        }),
        wait("1 of 3 pods are Ready (not Ready yet: pod-n2, pod-n3; NotReady: n2, n3)"),
        { maxNotReadyNodes: 1 },
    ],
    [
        "end the run when their pods were given up five times",
        verified({ nodes: n3NotReady, pods: pods(right, pod("n3", onNodeRole, starting)) }),
        refuse(
            "restart-limit",
            "The pod on node n3 was restarted 5 times, and the problem remains: n3 is NotReady: its kubelet stops the pod when the " +
                "node is back.",
        ),
        { maxNotReadyNodes: 1 },
        memoryWith({ restarts: { n3: 5 } }),
    ],
]);

/** The subnets of n1, n2 and n3. */
const inSubnets = (...ids: string[]) => ({
    networkOfInstance: Object.fromEntries(
        ids.map((subnetId, index) => [`i-n${String(index + 1)}`, { subnetId, securityGroupIds: ["sg"] }]),
    ),
});
const apart = inSubnets("s1", "s2", "s3");
const canaryMissing = (names: string, nodes: string, verb = "does") =>
    refuse(
        "canary-missing",
        `${names} on ${nodes} ${verb} not carry the role, and no other pod in the same subnets works with it.`,
    );
const silentNode = { nodes: [node("n1"), node("n2", { ready: false }), node("n3")] };

/** Older than the pods that carry the role. */
const older = { createdAt: seconds(-7200) };
const olderWithoutRole = { pods: pods(right, pod("n2", onNodeRole, older)) };

table("A place where no pod works with the role", [
    ["keeps its pods, which a canary restarts", verified(olderWithoutRole, apart), canaryMissing("pod-n2", "n2 (s2)")],
    [
        "keeps all of its pods",
        verified(
            { pods: pods(right, pod("n2", onNodeRole, older), pod("n3", onNodeRole, older)) },
            inSubnets("s1", "s2", "s2"),
        ),
        canaryMissing("pod-n2, pod-n3", "n2 (s2), n3 (s2)", "do"),
    ],
    [
        "keeps a pod with another role, too",
        verified({ pods: pods(right, pod("n2", carrying("other"), older)) }, apart),
        canaryMissing("pod-n2", "n2 (s2)"),
    ],
    [
        "does not keep a pod that does not work",
        verified({ pods: pods(right, pod("n2", onNodeRole, { ...starting, ...older })) }, apart),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
    [
        "is not one where another pod works with it",
        verified(olderWithoutRole, inSubnets("s1", "s2", "s2")),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
    [
        "is one where the only other pod with it does not work",
        verified(
            { pods: pods(right, pod("n2", onNodeRole, older), pod("n3", right, starting)) },
            inSubnets("s1", "s2", "s2"),
        ),
        wait("2 of 3 pods are Ready (not Ready yet: pod-n3; yet to restart: 1)"),
    ],
    [
        "is waited for while its node is NotReady, since the pod may work",
        verified({ ...silentNode, pods: pods(right, pod("n2", onNodeRole, { ...starting, ...older })) }, apart),
        wait("2 of 3 pods carry the role (NotReady: n2)"),
    ],
    [
        "is none where the pod is younger: it has lost the role",
        verified(podWithoutRole, apart),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
    [
        "is none where no pod carries the role: all have lost it",
        verified({ pods: pods(onNodeRole) }, apart),
        restart("pod-n1", "pod-n1 carries no role of its own"),
    ],
    [
        "is none after this run has detached the policies: all pods worked with the role",
        verified(olderWithoutRole, apart),
        restart("pod-n2", "pod-n2 carries no role of its own"),
        {},
        memoryWith({ detachedAt: seconds(-9) }),
    ],
    [
        "is none after this run has attached them again",
        verified(olderWithoutRole, apart),
        restart("pod-n2", "pod-n2 carries no role of its own"),
        {},
        memoryWith({ attachedAt: seconds(-9), propagatedAt: seconds(-9), restores: 1 }),
    ],
    [
        "comes after the pods of other places",
        verified(
            { pods: pods(right, pod("n1", onNodeRole, older), pod("n2", onNodeRole, older)) },
            inSubnets("s1", "s2", "s2"),
        ),
        restart("pod-n2", "pod-n2 carries no role of its own"),
    ],
]);
