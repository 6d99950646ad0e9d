import { strictEqual } from "node:assert/strict";
import { daemonSetSeen } from "../../../../handover/kubernetes/daemonSet";
import type { World } from "../../../../handover/model/world";
import {
    ANNOTATE,
    canary,
    GUARD,
    HAND_OVER,
    DETACH,
    changes,
    preflightWithoutNodeRoles,
    restart,
    WAVES,
    waves,
    DETACH_REMAINS,
    table,
    changesWithRemaining,
    inputsWithoutNodeRoles,
    wait,
} from "../support/plans";
import { CNI, MINIMAL, WORKER } from "../support/nodeBoot";
import { seen } from "../support/preflights";
import { SETTING_GAP } from "../support/settingGap";
import {
    inlinePolicy,
    LONG_AGO,
    BROAD_POLICY,
    OTHER_POLICY_FIX,
    carrying,
    CNI_POLICY,
    daemonSet,
    instance,
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
const older = (image: string, others: Readonly<Record<string, string>> = {}) => ({
    current: false,
    images: { "aws-node": image, ...others },
});
const withNodeAgent = (...nodeAgentArguments: string[]) => seen({ daemonSet: { ...daemonSet, nodeAgentArguments } });
const TEMPLATE = (names: string) =>
    `[template] With the update strategy OnDelete, a restart also brings the newest pod template of the DaemonSet. These pods have an older one: ${names}.`;
const broad = { arn: BROAD_POLICY, kind: "broad" as const, sufficient: true };
const managed = { arn: CNI_POLICY, kind: "cni" as const, sufficient: true };

table("The plan of a first hand-over", [
    ["is each step in its order", seen(), changes(...HAND_OVER)],
    [
        "detaches nothing where no node role is named, and says what is left to do then",
        seen(),
        changesWithRemaining([DETACH_REMAINS], ANNOTATE, canary("pod-n1", "n1"), WAVES),
        inputsWithoutNodeRoles,
        preflightWithoutNodeRoles,
    ],
    [
        "restarts nothing where each pod carries the role by an annotation of before",
        seen({
            pods: pods(carrying(ROLE)),
            serviceAccount: { ...serviceAccount, roleArnOwners: ["kubectl-annotate"] },
        }),
        changes(GUARD, DETACH),
    ],
    [
        "says what else a node role loses with its policies",
        seen({}, { nodeRoles: [nodeRole({ policies: [WORKER, CNI] })] }),
        changes(
            ...HAND_OVER,
            "[node-role] With the policies, nodes also loses ec2:DescribeNetworkInterfaces, ec2:DescribeTags. Other programs on its nodes that use this role " +
                "lose them, too: pods with host network, and pods that reach the instance metadata.",
        ),
    ],
    [
        "says that the legacy controller of Windows pods loses the policies, on each of its nodes with such a role",
        seen(
            { otherNodes: [{ name: "n9", instanceId: "i-n9" }] },
            {
                roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "nodes", "i-n9": "others" },
                nodeRoles: [nodeRole(), nodeRole({ name: "others", cniPolicies: [] })],
            },
        ),
        changes(
            ...HAND_OVER,
            "[vpc-resource-controller] kube-system/vpc-resource-controller, the legacy controller for Windows pods, runs on n2 with nodes, and loses the policies, too: " +
                "it could give no address to a new Windows pod. EKS runs this controller in the control plane now. Enable that one, and delete this one, before the update: " +
                "https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html",
        ),
        { resourceControllersOn: ["n2", "n9", "n7"], detachFromNodeRoles: ["nodes", "others"] },
        { detachFromNodeRoles: ["nodes", "others"] },
    ],
    [
        "says nothing of that controller if no policy leaves its node's role",
        seen(),
        changesWithRemaining([DETACH_REMAINS], ANNOTATE, canary("pod-n1", "n1"), WAVES),
        { ...inputsWithoutNodeRoles, resourceControllersOn: ["n2"] },
        preflightWithoutNodeRoles,
    ],
    [
        "says last what a restart may do to network policies, once",
        withNodeAgent("--enable-network-policy=true"),
        changes(
            ...HAND_OVER,
            "[network-policy] This cluster enforces network policies. After a restart of aws-node, pods that already run on the node may keep old eBPF filters, so that later " +
                "changes of network policies do not reach them: https://github.com/aws/aws-network-policy-agent/issues/514. Test one node before the update: delete its aws-node pod, " +
                "wait until the next one is Ready, change a network policy of a pod that ran there before, and see whether its traffic follows.",
        ),
    ],
    [
        "says nothing of network policies that are off",
        withNodeAgent("--enable-network-policy=false"),
        changes(...HAND_OVER),
    ],
    [
        "stops for a node role whose nodes could not boot",
        seen({}, { nodeRoles: [nodeRole({ policies: [MINIMAL, CNI] })] }),
        { refusals: ["node-role-cannot-boot"], changes: [], remaining: [] },
    ],
    [
        "stops for settings that need more than the role grants",
        seen({}, { settingGap: SETTING_GAP }),
        { refusals: ["permissions-for-settings"], changes: [], remaining: [] },
    ],
    [
        "asks for forceDetachPolicies on a node role of the same program, unless it is set",
        seen(),
        changes(
            ...HAND_OVER,
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
            ...HAND_OVER,
            DETACH.replace("nodes", "gpu"),
            "[force-detach] This program manages gpu. Set forceDetachPolicies: true on that role, or IAM refuses to delete it while " +
                "it holds the policy that destroy attaches again.",
        ),
        { detachFromNodeRoles: ["nodes", "gpu"], ownNodeRoles: [{ name: "gpu", forceDetachPolicies: undefined }] },
        { detachFromNodeRoles: ["nodes", "gpu"] },
    ],
    [
        "says which regions count as empty before it detaches",
        seen({}, { unreadRegions: [{ region: "eu-north-1", cause: "serviceControlPolicy", answer: "Denied." }] }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            WAVES,
            GUARD,
            "[regions] Counted as empty, since a service control policy denies ec2:DescribeInstances and eks:ListClusters there, and IAM did not " +
                "see a node role used there last: eu-north-1. An instance that runs there with a node role loses the policy.",
            DETACH,
        ),
    ],
    [
        "says nothing of them where it detaches nothing",
        seen({}, { unreadRegions: [{ region: "eu-north-1", cause: "serviceControlPolicy", answer: "Denied." }] }),
        changesWithRemaining([DETACH_REMAINS], ANNOTATE, canary("pod-n1", "n1"), WAVES),
        inputsWithoutNodeRoles,
        preflightWithoutNodeRoles,
    ],
    [
        "does not ask where it is set",
        seen(),
        changes(...HAND_OVER),
        { ownNodeRoles: [{ name: "nodes", forceDetachPolicies: true }] },
    ],
    [
        "says nothing of a mark that a wake has left",
        seen({ daemonSet: { ...daemonSet, woken: true } }),
        changes(...HAND_OVER),
    ],
    ["is the same with OnDelete", seen({ daemonSet: onDelete }), changes(...HAND_OVER)],
    [
        "says with OnDelete which pods also get a newer template, image by image",
        seen({
            daemonSet: {
                ...onDelete,
                images: { "aws-node": "cni:v2", "aws-eks-nodeagent": "agent:v1", init: "init:v2" },
            },
            pods: [
                pod("n1", onNodeRole, older("cni:v1")),
                pod("n2", onNodeRole),
                pod("n3", onNodeRole, older("cni:v1", { "aws-eks-nodeagent": "agent:v1", removed: "gone:v1" })),
            ],
        }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            WAVES,
            TEMPLATE("pod-n1, pod-n3"),
            "[template] aws-node: cni:v1 → cni:v2 (pod-n1, pod-n3).",
            "[template] aws-eks-nodeagent: none → agent:v1 (pod-n1).",
            "[template] init: none → init:v2 (pod-n1, pod-n3).",
            "[template] removed: gone:v1 → none (pod-n3).",
            GUARD,
            DETACH,
        ),
    ],
    [
        "says it of a newer template with the same images",
        seen({
            daemonSet: { ...onDelete, images: { "aws-node": "cni:v1" } },
            pods: pods(onNodeRole, pod("n2", onNodeRole, older("cni:v1"))),
        }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            waves("pod-n3, pod-n2"),
            `${TEMPLATE("pod-n2")} Its images are the same.`,
            GUARD,
            DETACH,
        ),
    ],
    [
        "says nothing of a newer template to pods that do not restart",
        seen({
            serviceAccount,
            daemonSet: { ...onDelete, images: { "aws-node": "cni:v2" } },
            pods: pods(carrying(ROLE), pod("n2", carrying(ROLE), older("cni:v1"))),
        }),
        changes(GUARD, DETACH),
    ],
    [
        "leaves a rolling update to the DaemonSet",
        seen({
            daemonSet: { ...daemonSet, images: { "aws-node": "cni:v2" } },
            pods: pods(onNodeRole, pod("n2", onNodeRole, older("cni:v1"))),
        }),
        changes(ANNOTATE, canary("pod-n1", "n1"), waves("pod-n3, pod-n2"), GUARD, DETACH),
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
            waves("pod-n2"),
            GUARD,
            `[detach] ${CNI_POLICY} is detached from nodes once every pod carries the role.`,
            `[detach] ${CNI_POLICY} is detached from gpu once every pod carries the role.`,
        ),
        { detachFromNodeRoles: ["nodes", "gpu"] },
        { detachFromNodeRoles: ["nodes", "gpu"] },
    ],
    [
        "tells no node role of a node that has none, where nothing is detached",
        seen({}, { roleOfInstance: {} }),
        changes(ANNOTATE, "[canary] pod-n1 on n1 restarts first and is watched for 20 s.", WAVES),
        inputsWithoutNodeRoles,
        preflightWithoutNodeRoles,
    ],
    [
        "does not count a pod that is on its way out",
        seen({ pods: [pod("n1", onNodeRole, { name: "old", uid: "old", ...terminating }), ...pods(onNodeRole)] }),
        changes(...HAND_OVER),
    ],
    [
        "takes a pod for a canary that a killed run has left with the role",
        seen({
            serviceAccount,
            pods: pods(onNodeRole, pod("n2", carrying(ROLE))),
        }),
        changes(waves("pod-n1, pod-n3"), GUARD, DETACH),
    ],
    [
        "waits for a pod that is starting, and counts it as the others",
        seen({ serviceAccount, pods: pods(onNodeRole, pod("n2", carrying(ROLE), starting)) }),
        changes(waves("pod-n1, pod-n3"), GUARD, DETACH),
    ],
    [
        "tells how many pods a wave has at most",
        seen({ daemonSet: { ...daemonSet, maxUnavailable: 2 } }),
        changes(ANNOTATE, canary("pod-n1", "n1"), waves("pod-n2, pod-n3", 2, 2), GUARD, DETACH),
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
            waves("pod-b, pod-c, pod-d, pod-e, pod-f", 5),
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
            ...HAND_OVER,
        ),
    ],
    [
        "says that nothing is proved where there is no node",
        seen({ nodes: [], pods: [] }, { nodeRoles: [nodeRole({ instancesOfCluster: [] })] }),
        changesWithRemaining(
            ["[no-nodes] No pod was tested with the role, since the cluster has no nodes."],
            ANNOTATE,
            GUARD,
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
            waves("pod-n3"),
            restart("The live checks restart 1 pod, within the DaemonSet's maxUnavailable: pod-n2"),
            GUARD,
            wait("2 of 3 pods are Ready (not Ready yet: the next pod of n2; NotReady: n2) (NotReady: n2)"),
        ),
    ],
    [
        "goes on where it is ignored",
        seen({ nodes: [node("n1"), node("n2", { ready: false }), node("n3")] }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            waves("pod-n3"),
            restart("The live checks restart 1 pod, within the DaemonSet's maxUnavailable: pod-n2"),
            GUARD,
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
        "names the instances that are not nodes, and does not wait for them",
        seen({}, { nodeRoles: [nodeRole({ unjoined: [instance("i-n4"), instance("i-n5", "stopped")] })] }),
        changes(
            ...HAND_OVER,
            "[not-joined] Instances with nodes are not nodes of the cluster now: i-n4 (running), i-n5 (stopped). The update does not wait for " +
                "them: when they join, the injection guard admits their pods only with the role.",
        ),
    ],
    [
        "says for which of them it waits without the injection guard",
        seen({}, { nodeRoles: [nodeRole({ unjoined: [instance("i-n4")] })] }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            WAVES,
            DETACH,
            "[not-joined] Instances with nodes are not nodes of the cluster now: i-n4 (running). The update waits for those that were launched in " +
                "the last 15 minutes. Without the injection guard, nothing refuses the pods of the others if they start without the role.",
        ),
        {},
        { injectionGuard: false },
    ],
    [
        "names the nodes that the DaemonSet does not select, for each role that loses its policy",
        seen(
            {
                otherNodes: [
                    { name: "windows", instanceId: "i-n4" },
                    { name: "auto", instanceId: "i-n5" },
                ],
            },
            {
                nodeRoles: [
                    nodeRole({ instancesOfCluster: ["i-n1", "i-n4"] }),
                    nodeRole({ name: "more", instancesOfCluster: ["i-n5"] }),
                ],
            },
        ),
        changes(
            ...HAND_OVER,
            "[other-nodes] nodes is also the role of nodes that run no pod of this DaemonSet: windows. They lose the policy, too.",
        ),
    ],
]);

/** A node in each of so many subnets, and so many pods more in the first one. */
function inSubnets(count: number, more = 0) {
    const names = Array.from({ length: count + more }, (_, nth) => `n${String(nth + 1).padStart(2, "0")}`);
    const ids = names.map((name) => `i-${name}`);
    const of = seen(
        { nodes: names.map((name) => node(name)), pods: names.map((name) => pod(name, onNodeRole)) },
        {
            nodeRoles: [nodeRole({ instancesOfCluster: ids })],
            roleOfInstance: Object.fromEntries(ids.map((id) => [id, "nodes"])),
        },
    );
    const networkOfInstance = Object.fromEntries(
        ids.map((id, nth) => [id, { subnetId: `s${String(Math.min(nth, count - 1))}`, securityGroupIds: [] }]),
    );
    return { ...of, account: { ...of.account, networkOfInstance } };
}
const canaries = (count: number) =>
    Array.from({ length: count }, (_, nth) => `n${String(nth + 1).padStart(2, "0")}`).map((on) =>
        canary(`pod-${on}`, on),
    );

const CANARIES_TAKE = "[canary] The canaries take about 1 minute in all.";
const SKIPPED = (names: string) =>
    restart(
        `The live checks restart ${String(names.split(",").length)} pods, within the DaemonSet's maxUnavailable: ${names}`,
    );
const notReady = (of: World, ...names: string[]): World => ({
    ...of,
    cluster: {
        ...of.cluster,
        nodes: of.cluster.nodes.map((seenNode) => ({ ...seenNode, ready: !names.includes(seenNode.name) })),
    },
});

/** A canary and the other pods, each of which took so many seconds to start. */
function podsThatTake(seconds: number, count = 60) {
    const of = inSubnets(1, count - 1);
    const all = of.cluster.pods.map((seenPod) => ({ ...seenPod, createdAt: LONG_AGO - seconds * 1000 }));
    return { ...of, cluster: { ...of.cluster, pods: all } };
}
const fiftyNine = (about: string) => waves("pod-n02, pod-n03, pod-n04, pod-n05, pod-n06 and 54 more", 59, 1, about);
const LARGER_WAVES =
    "[restart] A higher maxUnavailable of the DaemonSet shortens this. Set it in the tool that manages the DaemonSet, or run this command before the update: " +
    `kubectl patch daemonset/aws-node -n kube-system --type merge -p '{"spec":{"updateStrategy":{"rollingUpdate":{"maxUnavailable":"10%"}}}}'`;

table("The plan of canaries and waves", [
    [
        "tells a rollout of less than two hours in minutes",
        podsThatTake(109),
        changes(ANNOTATE, canary("pod-n01", "n01"), fiftyNine("119 minutes"), GUARD, DETACH),
    ],
    [
        "tells a rollout of two hours in hours, and how larger waves shorten it",
        podsThatTake(110),
        changes(ANNOTATE, canary("pod-n01", "n01"), fiftyNine("2 hours"), LARGER_WAVES, GUARD, DETACH),
    ],
    [
        "counts each wave of 5,000 nodes",
        podsThatTake(20, 5000),
        changes(
            ANNOTATE,
            canary("pod-n01", "n01"),
            waves("pod-n02, pod-n03, pod-n04, pod-n05, pod-n06 and 4994 more", 4999, 1, "42 hours"),
            LARGER_WAVES,
            GUARD,
            DETACH,
        ),
    ],
    [
        "has a canary for each subnet, and says how long they take if no other pod restarts",
        inSubnets(3),
        changes(ANNOTATE, ...canaries(3), CANARIES_TAKE, GUARD, DETACH),
    ],
    [
        "says how long it takes where the only pod is a canary",
        inSubnets(1),
        changes(ANNOTATE, ...canaries(1), "[canary] The canary takes about 1 minute in all.", GUARD, DETACH),
    ],
    [
        "says how long canaries take whose pods start slowly",
        (() => {
            const of = inSubnets(3);
            const all = of.cluster.pods.map((seenPod) => ({ ...seenPod, createdAt: LONG_AGO - 110_000 }));
            return { ...of, cluster: { ...of.cluster, pods: all } };
        })(),
        changes(ANNOTATE, ...canaries(3), "[canary] The canaries take about 4 minutes in all.", GUARD, DETACH),
    ],
    [
        "does not say how long canaries take that wait for the user",
        seen({ nodes: [node("n1", { ready: false })] }),
        changes(
            ANNOTATE,
            canary("pod-n1", "n1"),
            wait("canary the next pod of n1 on n1 of nodes: not Ready yet (NotReady: n1)"),
        ),
    ],
    [
        "has no line about other places where there are ten",
        inSubnets(10),
        changes(ANNOTATE, ...canaries(10), CANARIES_TAKE, GUARD, DETACH),
    ],
    [
        "counts no place without a Ready node among those that get a canary, or that a wave tests",
        notReady(inSubnets(12), "n01", "n02"),
        changes(ANNOTATE, ...canaries(12).slice(2), CANARIES_TAKE, SKIPPED("pod-n01, pod-n02"), GUARD, DETACH),
        { maxNotReadyNodes: 2 },
    ],
    [
        "counts only the places with a Ready node among those that a wave tests",
        notReady(inSubnets(13), "n01", "n02"),
        changes(
            ANNOTATE,
            ...canaries(12).slice(2),
            "[canary] The cluster has 13 combinations of node role, subnet and security groups. 10 of them get a canary; the first waves " +
                "test 1 more with one pod each.",
            waves("pod-n13"),
            SKIPPED("pod-n01, pod-n02"),
            GUARD,
            DETACH,
        ),
        { maxNotReadyNodes: 2 },
    ],
    [
        "has ten canaries for more places, and says what tests the others",
        inSubnets(12),
        changes(
            ANNOTATE,
            ...canaries(10),
            "[canary] The cluster has 12 combinations of node role, subnet and security groups. 10 of them get a canary; the first waves " +
                "test 2 more with one pod each.",
            waves("pod-n11, pod-n12"),
            GUARD,
            DETACH,
        ),
    ],
    [
        "says nothing of places where nothing restarts",
        (() => {
            const of = inSubnets(12);
            return {
                ...of,
                cluster: {
                    ...of.cluster,
                    serviceAccount,
                    pods: of.cluster.pods.map(({ node: on }) => pod(on, carrying(ROLE))),
                },
            };
        })(),
        changes(GUARD, DETACH),
    ],
    [
        "tells about how long it takes: 20 s that canaries are watched, and 60 s for each of 21 waves of one pod",
        (() => {
            const of = inSubnets(1, 20);
            const startsIn50Seconds = { createdAt: LONG_AGO - 50_000 };
            const all = of.cluster.pods.map((seenPod) => ({ ...seenPod, ...startsIn50Seconds }));
            return { ...of, cluster: { ...of.cluster, pods: all } };
        })(),
        changes(
            ANNOTATE,
            canary("pod-n01", "n01"),
            waves("pod-n02, pod-n03, pod-n04, pod-n05, pod-n06 and 15 more", 20, 1, "21 minutes"),
            GUARD,
            DETACH,
        ),
    ],
    [
        "counts a larger wave once",
        (() => {
            const of = inSubnets(1, 20);
            const all = of.cluster.pods.map((seenPod) => ({ ...seenPod, createdAt: LONG_AGO - 50_000 }));
            return { ...of, cluster: { ...of.cluster, pods: all, daemonSet: { ...daemonSet, maxUnavailable: 10 } } };
        })(),
        changes(
            ANNOTATE,
            canary("pod-n01", "n01"),
            waves("pod-n02, pod-n03, pod-n04, pod-n05, pod-n06 and 15 more", 20, 10, "6 minutes"),
            GUARD,
            DETACH,
        ),
    ],
]);

describe("The command for larger waves", () => {
    it("makes each wave a tenth of the nodes, so that a rollout of 5,000 nodes no longer takes hours", () => {
        const [, patch = ""] = /-p '(.*)'$/.exec(LARGER_WAVES) ?? [];
        for (const type of ["RollingUpdate", "OnDelete"]) {
            const { updateStrategy } = (JSON.parse(patch) as { spec: { updateStrategy: object } }).spec;
            const spec = { updateStrategy: { type, ...updateStrategy }, selector: {}, template: {} };
            strictEqual(daemonSetSeen({ spec }, 5000).maxUnavailable, 500);
        }
    });
});
