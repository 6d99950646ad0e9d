import { withSeen } from "../../../../handover/decide/seen";
import { freshMemory, Memory } from "../../../../handover/model/steps";
import type { PodSeen, World } from "../../../../handover/model/world";
import { DETACH, inForce, podWithoutRole, refuse, restart, right, table, verified, wait } from "../support/detachments";
import {
    daemonSet,
    instance,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    pods,
    ROLE,
    seconds,
    starting,
    terminating,
} from "../support/worlds";

const isRight = ({ credentials }: PodSeen) => credentials.kind === "webIdentity" && credentials.roleArn === ROLE;
/** The memory of a run that has begun before now, and has made these looks. */
const after = (...looks: World[]): Memory =>
    looks.reduce((memory, look) => withSeen(memory, look, { isRight, stableSeconds: 20 }), freshMemory(seconds(-600)));

const four = ["n1", "n2", "n3", "n4"].map((name) => node(name));
const notReady = (name: string) => node(name, { ready: false });
const joined = (...podsOfN4: PodSeen[]) =>
    verified({ nodes: four, pods: [...pods(right), ...podsOfN4] }, roles("n1", "n2", "n3", "n4"));
const roles = (...names: string[]) => ({
    roleOfInstance: Object.fromEntries(names.map((name) => [`i-${name}`, "nodes"])),
});

table("A node that has joined since the first look", [
    ["needs no pod", joined(), DETACH, {}, after(verified())],
    [
        "may have a pod with the role that is starting",
        joined(pod("n4", right, starting)),
        DETACH,
        {},
        after(verified()),
    ],
    [
        "may be NotReady",
        verified(
            { nodes: [...four.slice(0, 3), notReady("n4")], pods: [...pods(right), pod("n4", right, starting)] },
            roles("n1", "n2", "n3", "n4"),
        ),
        DETACH,
        {},
        after(verified()),
    ],
    [
        "needs no watch over its pod",
        joined(pod("n4", right, { readySince: NOW })),
        { ...DETACH, why: "4 pods carry the role: detaching the policies from nodes" },
        {},
        after(verified()),
    ],
    [
        "holds it up with a pod without the role",
        joined(pod("n4", onNodeRole)),
        restart("pod-n4", "pod-n4 carries no role of its own"),
        {},
        after(verified()),
    ],
    [
        "holds it up until a pod without the role has ended",
        joined(pod("n4", onNodeRole, terminating)),
        wait("3 of 3 pods are Ready (still terminating: pod-n4)"),
        {},
        after(verified()),
    ],
    [
        "does not use up maxUnavailable",
        verified(
            { nodes: four, pods: [...podWithoutRole.pods, pod("n4", right, starting)] },
            roles("n1", "n2", "n3", "n4"),
        ),
        restart("pod-n2", "pod-n2 carries no role of its own"),
        {},
        after(verified()),
    ],
    [
        "gets its refused pod by a wake",
        verified({ nodes: four, pods: pods(right), refusedPods: ["no"] }, roles("n1", "n2", "n3", "n4")),
        { do: "wake", why: "the API server refused the pods for n4; making the DaemonSet controller retry" },
        {},
        after(verified()),
    ],
    [
        "is waited for where nothing would refuse a pod without the role",
        verified(
            { nodes: four, pods: pods(right), injectionGuard: { present: false, inForce: false } },
            roles("n1", "n2", "n3", "n4"),
        ),
        wait("3 of 4 pods are Ready (no pod yet on n4)"),
        { injectionGuard: false },
        after(verified()),
    ],
    [
        "is not waited for where nothing is detached",
        joined(),
        { do: "done", why: "3 pods carry the role" },
        { detachFromNodeRoles: undefined },
        after(verified()),
    ],
]);

/** Instances with the role that were no nodes when the account was read. */
const notJoined = (...ids: string[]) => ({
    nodeRoles: [nodeRole({ unjoined: ids.map((id) => instance(id, "running", seconds(-700))) })],
});
const withoutGuard = { injectionGuard: { present: false, inForce: false } };
const begun = after(verified(withoutGuard));

table("An instance that was no node in the first look", [
    [
        "holds it up neither before it has joined nor afterwards",
        verified(
            { nodes: four, pods: pods(right) },
            { ...roles("n1", "n2", "n3", "n4"), ...notJoined("i-n4", "i-n5") },
        ),
        { ...DETACH, why: `${DETACH.why}. These instances are not nodes and need not join: i-n5 (running)` },
        {},
        after(verified({}, notJoined("i-n4", "i-n5"))),
    ],
    [
        "is waited for where no guard would hold for it, if it began before the run",
        verified(withoutGuard, notJoined("i-n4")),
        wait(
            "without the injection guard, instances that were launched less than 15 minutes ago get time to join: i-n4 (running)",
        ),
        { injectionGuard: false },
        begun,
    ],
    [
        "is waited for there until its pod works, once it has joined",
        verified(
            { ...withoutGuard, nodes: four, pods: pods(right) },
            { ...roles("n1", "n2", "n3", "n4"), ...notJoined("i-n4") },
        ),
        wait("3 of 4 pods are Ready (no pod yet on n4)"),
        { injectionGuard: false },
        begun,
    ],
]);

/** The detachment with two Ready pods. */
const DETACH_TWO = { ...DETACH, why: "2 pods carry the role: detaching the policies from nodes" };
const restless = { pods: pods(right, pod("n2", right, starting)) };
const next = (more: Partial<PodSeen> = {}) => pod("n2", right, { name: "next", uid: "next", readySince: NOW, ...more });

table("A pod of the first look", [
    [
        "counts once it has worked for a while, whatever it does now",
        verified(restless),
        DETACH_TWO,
        {},
        after(verified()),
    ],
    [
        "does not count before",
        verified(restless),
        wait("2 of 3 pods are Ready (not Ready yet: pod-n2)"),
        {},
        after(verified({ pods: pods(right, pod("n2", right, { readySince: seconds(-19) })) })),
    ],
    [
        "is watched in a window of its own: the others are not watched again",
        verified({ pods: pods(right, pod("n2", right, { readySince: seconds(-19) })) }),
        wait("3 pods carry the role; watching 1 of them for 20 s"),
        {},
        after(verified({ pods: pods(right, pod("n2", right, starting)) })),
    ],
    [
        "counts on a node that is NotReady now",
        verified({ nodes: [node("n1"), notReady("n2"), node("n3")], ...restless }),
        DETACH_TWO,
        {},
        after(verified()),
    ],
    [
        "counts while it ends, with the role, on a node that is NotReady now",
        verified({
            nodes: [node("n1"), notReady("n2"), node("n3")],
            pods: pods(right, pod("n2", right, { ...starting, ...terminating })),
        }),
        DETACH_TWO,
        {},
        after(verified()),
    ],
    [
        "needs a successor that is Ready, if it is gone",
        verified({ pods: pods(right, next({ ready: false })) }),
        wait("2 of 3 pods are Ready (not Ready yet: next)"),
        {},
        after(verified()),
    ],
    [
        "needs no watch over its successor, which the guard has admitted",
        verified({ pods: pods(right, next()) }),
        DETACH,
        {},
        after(verified(), verified({ pods: pods(right, next()) })),
    ],
    [
        "needs one if the guard was not in force in the first look",
        verified({ pods: pods(right, next()) }),
        wait("3 pods carry the role; watching 1 of them for 20 s"),
        {},
        after(verified({ injectionGuard: { ...inForce, inForce: false } }), verified({ pods: pods(right, next()) })),
    ],
    [
        "does not count with its node, which has left",
        verified({ nodes: [node("n1"), node("n3")], pods: [pod("n1", right), pod("n3", right)] }, roles("n1", "n3")),
        DETACH_TWO,
        {},
        after(verified(restless)),
    ],
]);

const leaving = (state: "shutting-down" | "terminated") => ({
    ...roles("n1", "n2"),
    leavingInstances: { "i-n3": state },
});

table("A node whose instance is terminated", [
    ["is passed over, though it is Ready", verified({}, leaving("terminated")), DETACH_TWO],
    [
        "is passed over with its pod, whatever that is",
        verified({ pods: pods(right, pod("n3", onNodeRole, terminating)) }, leaving("terminated")),
        DETACH_TWO,
    ],
    [
        "needs no pod while it is shutting down",
        verified({ pods: [pod("n1", right), pod("n2", right)] }, leaving("shutting-down")),
        DETACH_TWO,
    ],
    [
        "is waited for while it is shutting down with a pod without the role, which does not restart",
        verified({ pods: pods(right, pod("n3", onNodeRole)) }, leaving("shutting-down")),
        wait("these pods do not carry the role until they leave with their nodes: pod-n3"),
    ],
    [
        "is waited for while such a pod ends",
        verified({ pods: pods(right, pod("n3", onNodeRole, terminating)) }, leaving("shutting-down")),
        wait("2 of 2 pods are Ready (still terminating: pod-n3)"),
    ],
]);

/** n3 is alone in its subnet. */
const apart = {
    networkOfInstance: {
        "i-n1": { subnetId: "s1", securityGroupIds: [] },
        "i-n2": { subnetId: "s1", securityGroupIds: [] },
        "i-n3": { subnetId: "s3", securityGroupIds: [] },
        "i-n4": { subnetId: "s3", securityGroupIds: [] },
    },
};
const n3Starts = (more: Partial<PodSeen> = {}) => ({ pods: pods(right, pod("n3", right, { ...starting, ...more })) });
const limit = { canarySeconds: 300 };
const unusable = refuse(
    "pods-do-not-work",
    `pod-n3 on n3 (s3) carries ${ROLE}, and has not been Ready for 300 s. No other pod in the same subnets works with it.`,
);
const waiting = wait("2 of 3 pods are Ready (not Ready yet: pod-n3)");
/** The place of n3 after its node has left, and another one has joined. */
const replaced = (podOfN4: PodSeen) =>
    verified(
        { nodes: [node("n1"), node("n2"), node("n4")], pods: [pod("n1", right), pod("n2", right), podOfN4] },
        { ...apart, ...roles("n1", "n2", "n4") },
    );

table("A place of the first look in which no pod has worked", [
    [
        "ends the run if a pod there has not worked for as long as a canary may take",
        verified(n3Starts(), apart),
        unusable,
        limit,
    ],
    ["has its time", verified(n3Starts({ createdAt: seconds(-299) }), apart), waiting, limit],
    ["has it again in each run", verified(n3Starts(), apart), waiting, limit, freshMemory(seconds(-299))],
    [
        "does not end it if the pod has a reason of its own",
        verified(n3Starts({ startProblem: "Unschedulable" }), apart),
        waiting,
        limit,
    ],
    [
        "does not end it while its node is NotReady",
        verified({ nodes: [node("n1"), node("n2"), notReady("n3")], ...n3Starts() }, apart),
        wait("2 of 3 pods are Ready (not Ready yet: pod-n3; NotReady: n3)"),
        limit,
    ],
    ["does not end it if another pod there works", verified(n3Starts()), waiting, limit],
    [
        "holds it up, though its first nodes have left",
        replaced(pod("n4", right, starting)),
        wait("no pod has worked with the role yet on nodes of nodes in s3"),
        {},
        after(verified(n3Starts(), apart)),
    ],
    [
        "counts once a pod there is Ready",
        replaced(pod("n4", right, { readySince: NOW })),
        DETACH,
        {},
        after(verified(n3Starts(), apart)),
    ],
    [
        "counts if a pod was Ready there before",
        replaced(pod("n4", right, starting)),
        DETACH_TWO,
        {},
        after(verified({ pods: pods(right, pod("n3", right, { readySince: NOW })) }, apart)),
    ],
    [
        "may be skipped where its nodes are NotReady",
        verified(
            {
                nodes: [node("n1"), node("n2"), notReady("n4")],
                pods: [pod("n1", right), pod("n2", right), pod("n4", right, starting)],
            },
            { ...apart, ...roles("n1", "n2", "n4") },
        ),
        DETACH_TWO,
        { maxNotReadyNodes: 1 },
        after(verified(n3Starts(), apart)),
    ],
    [
        "is none if it is younger than the first look",
        verified(
            { nodes: four, pods: [...pods(right), pod("n4", right, starting)] },
            {
                ...roles("n1", "n2", "n3", "n4"),
                networkOfInstance: { "i-n4": { subnetId: "s4", securityGroupIds: [] } },
            },
        ),
        DETACH,
        {},
        after(verified()),
    ],
]);

/** The pod of n3 is older than the role, and n4 was in the same subnet. */
const oldOfN3 = pod("n3", onNodeRole, { createdAt: seconds(-7200) });
const withN4 = verified(
    { nodes: four, pods: [pod("n1", right), pod("n2", right), oldOfN3, pod("n4", right)] },
    { ...apart, ...roles("n1", "n2", "n3", "n4") },
);
const withoutN4 = verified({ pods: [pod("n1", right), pod("n2", right), oldOfN3] }, apart);

table("An old pod where no pod works with the role now", [
    [
        "is a canary's",
        withoutN4,
        refuse(
            "canary-missing",
            "pod-n3 on n3 (s3) does not carry the role, and no other pod in the same subnets works with it.",
        ),
        {},
        after(withoutN4),
    ],
    [
        "restarts if one has worked there that has left with its node",
        withoutN4,
        restart("pod-n3", "pod-n3 carries no role of its own"),
        {},
        after(withN4),
    ],
]);

table("NotReady nodes that may be skipped", [
    [
        "are those that hold the run up: one that has joined does not count",
        verified(
            { nodes: [node("n1"), node("n2"), notReady("n3"), notReady("n4")], ...n3Starts() },
            roles("n1", "n2", "n3", "n4"),
        ),
        DETACH_TWO,
        { maxNotReadyNodes: 1 },
        after(verified(n3Starts())),
    ],
    [
        "include one that has joined with a pod without the role",
        verified(
            {
                nodes: [node("n1"), node("n2"), node("n3"), notReady("n4")],
                pods: [...pods(right), pod("n4", onNodeRole, starting)],
                daemonSet: { ...daemonSet, maxUnavailable: 2 },
            },
            roles("n1", "n2", "n3", "n4"),
        ),
        { do: "forceRestart", pod: "pod-n4", why: "n4 is NotReady: its kubelet stops the pod when the node is back" },
        { maxNotReadyNodes: 1 },
        after(verified()),
    ],
]);

table("An unknown node role", [
    ["does not end the run where the node has joined", joined(), DETACH, {}, after(verified())],
    [
        "of a node that has joined and is known counts as before",
        verified(
            { nodes: four },
            { roleOfInstance: { ...roles("n1", "n2", "n3").roleOfInstance, "i-n4": "more" }, nodeRoles: [nodeRole()] },
        ),
        refuse(
            "node-role-not-named",
            "Nodes of this cluster use these node roles, which detachFromNodeRoles does not list: more. It lists: nodes.",
        ),
        {},
        after(verified()),
    ],
]);

table("A node role that detachFromNodeRoles does not list", [
    [
        "does not count if the last instance that had it is shutting down",
        verified(
            {},
            {
                roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "retired" },
                leavingInstances: { "i-n3": "shutting-down" },
            },
        ),
        DETACH,
        {},
        after(verified()),
    ],
    [
        "does not count if the last instance that had it is terminated",
        verified(
            {},
            {
                roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "retired" },
                leavingInstances: { "i-n3": "terminated" },
            },
        ),
        { ...DETACH, why: "2 pods carry the role: detaching the policies from nodes" },
        {},
        after(verified()),
    ],
]);

/** n1 has worked for long, and has been denied a call once, a moment ago. */
const complaining = (at: number) =>
    verified({
        pods: pods(
            right,
            pod("n1", right, {
                missingPermissions: "no",
                missingPermissionsAt: at,
                missingPermissionsCount: 1,
            }),
        ),
    });
const withoutComplaint = (of: PodSeen) => isRight(of) && of.missingPermissions === undefined;
const amidIam = (...looks: World[]): Memory =>
    looks.reduce(
        (memory, look) => withSeen(memory, look, { isRight: withoutComplaint, stableSeconds: 20 }),
        freshMemory(seconds(-100)),
    );

/** In the look with the guard, the pod of n1 did not exist yet. */
const bornUnderGuard = (at: number): Memory =>
    amidIam(verified({ pods: [pod("n2", right), pod("n3", right)] }), complaining(at));

table("A pod that has worked, and complains once within the time that IAM may take", [
    [
        "is watched also if the injection guard has admitted it",
        complaining(seconds(-19)),
        wait("3 pods carry the role; watching 1 of them for 20 s"),
        {},
        bornUnderGuard(seconds(-19)),
    ],
    [
        "does not hold it up for longer if the injection guard has admitted it",
        complaining(seconds(-20)),
        DETACH,
        {},
        bornUnderGuard(seconds(-20)),
    ],
    [
        "is watched again before anything is detached",
        complaining(seconds(-19)),
        wait("3 pods carry the role; watching 1 of them for 20 s"),
        {},
        amidIam(verified(), complaining(seconds(-19))),
    ],
    [
        "does not hold it up for longer than any other pod",
        complaining(seconds(-20)),
        DETACH,
        {},
        amidIam(verified(), complaining(seconds(-20))),
    ],
]);
