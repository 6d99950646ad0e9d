import { deepStrictEqual } from "node:assert/strict";
import { nextCanaryStep, RolloutTarget } from "../../../../handover/decide/canary";
import { withSeen } from "../../../../handover/decide/seen";
import type { Memory } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import { broken, notYet, On, places, refuse, restart, right, target, wait, working } from "../support/rollouts";
import { carrying, comparableStep, fresh, memoryWith, record, ROLE, seconds } from "../support/worlds";

const BEFORE = "arn:aws:iam::111122223333:role/before";
const leftBroken: On["pod"] = { ...broken, credentials: carrying(BEFORE) };
const notStarting: On["pod"] = { ...notYet, startProblem: "container aws-node: ImagePullBackOff" };
const unschedulable: On["pod"] = { ...notYet, createdAt: seconds(-300), startProblem: "Unschedulable" };
const first = (name: string, where: string) =>
    `canary pod-${name} on ${name} of ${where}: restarts first, with the role`;
const inPlaces = (tested: number, all: number) => ({
    do: "done",
    why: `a pod with the role works in ${String(tested)} of ${String(all)} combinations of node role, subnet and security groups`,
});
const inSubnet = (subnet: string, pod?: On["pod"], more: On = {}): On => ({
    subnet,
    ...(pod === undefined ? {} : { pod }),
    ...more,
});
/** The role works in the first subnet, and a pod does not start in the second. */
const besideUnschedulable = (n3: On) => places({ n1: inSubnet("s1", working), n2: inSubnet("s2", unschedulable), n3 });
const twelve = (of: (nth: number) => On["pod"], role: (nth: number) => string = () => "nodes") =>
    Object.fromEntries(
        Array.from({ length: 12 }, (_, nth) => {
            const id = String(nth).padStart(2, "0");
            return [`n${id}`, inSubnet(`s${id}`, of(nth), { role: role(nth) })];
        }),
    );
const names = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, nth) => `pod-n${String(from + nth).padStart(2, "0")}`);
const why = (pods: readonly string[], of: (name: string) => string) =>
    pods
        .map((name) => name.slice(4))
        .map((name) => first(name, of(name)))
        .join("; ");

/** After a first look at these nodes. */
const since = (nodes: Record<string, On>, more: Partial<Memory> = {}) => ({
    ...withSeen(fresh, places(nodes)),
    ...more,
});
const young: On["pod"] = { ...working, readySince: seconds(-1) };
const onlyN1 = { n1: inSubnet("s1") };

describe("With nodes that have joined since the first look, the canary", () => {
    const rows: [string, World, object, Memory][] = [
        [
            "is on another node, and waits for none of theirs that is not stable yet",
            places({ n1: inSubnet("s1"), n2: inSubnet("s1", young) }),
            restart(first("n1", "nodes in s1"), "pod-n1"),
            since(onlyN1),
        ],
        [
            "waits for none of theirs that is not Ready yet",
            places({ n0: inSubnet("s1", notYet), n1: inSubnet("s1") }),
            restart(first("n1", "nodes in s1"), "pod-n1"),
            since(onlyN1),
        ],
        [
            "waits for none of theirs that has no pod yet",
            places({ n0: inSubnet("s1", null), n1: inSubnet("s1") }),
            restart(first("n1", "nodes in s1"), "pod-n1"),
            since(onlyN1),
        ],
        [
            "is awaited where this run has restarted it, whatever theirs do",
            places({ n0: inSubnet("s1", young), n1: inSubnet("s1", notYet) }),
            wait("canary pod-n1 on n1 of nodes in s1: not Ready yet"),
            since(onlyN1, { restarts: { n1: 1 } }),
        ],
        [
            "is one of theirs that this run has restarted",
            places({ n1: inSubnet("s1"), n2: inSubnet("s1", notYet) }),
            wait("canary pod-n2 on n2 of nodes in s1: not Ready yet"),
            since(onlyN1, { restarts: { n2: 1 } }),
        ],
        [
            "is one of theirs if no other node is Ready",
            places({ n1: inSubnet("s1", {}, { ready: false }), n2: inSubnet("s1", notYet) }),
            wait("canary pod-n2 on n2 of nodes in s1: not Ready yet"),
            since(onlyN1),
        ],
        [
            "is one of theirs if the other nodes are in another place",
            places({ n1: inSubnet("s1", working), n2: inSubnet("s2", notYet) }),
            wait("canary pod-n2 on n2 of nodes in s2: not Ready yet"),
            since(onlyN1),
        ],
        [
            "stays in the place in which this run has begun it, also if one of theirs is first by name in another place",
            places({ n0: inSubnet("s1", notYet), n2: inSubnet("s2", notYet), n3: inSubnet("s1") }),
            wait("canary pod-n2 on n2 of nodes in s2: not Ready yet"),
            since({ n2: inSubnet("s2"), n3: inSubnet("s1") }, { restarts: { n2: 1 } }),
        ],
        [
            "is over once one of theirs has been stable",
            places({ n1: inSubnet("s1"), n2: inSubnet("s1", working) }),
            { do: "done", why: "a pod with the role works on a node of the node role" },
            since(onlyN1),
        ],
    ];
    for (const [what, of, expected, memory] of rows) {
        it(what, () => deepStrictEqual(comparableStep(nextCanaryStep(target, of, memory)), expected));
    }
});

describe("With several places, the canaries", () => {
    const rows: [string, World, object, Partial<RolloutTarget>?, Memory?][] = [
        [
            "of the node roles begin side by side, however few pods the DaemonSet may miss",
            places({ n1: { role: "a" }, n2: { role: "b" }, n3: { role: "a" } }),
            restart(`${first("n1", "a")}; ${first("n2", "b")}`, "pod-n1", "pod-n2"),
        ],
        [
            "begin with one of each node role, in its first place",
            places({ n1: inSubnet("s1"), n2: inSubnet("s2"), n3: inSubnet("s1", {}, { role: "b" }) }),
            restart(`${first("n1", "nodes in s1")}; ${first("n3", "b in s1")}`, "pod-n1", "pod-n3"),
        ],
        [
            "stay in the place in which one has begun, also if another place of the node role is the first one now",
            places({ n1: inSubnet("s1"), n2: inSubnet("s2", notYet) }),
            wait("canary pod-n2 on n2 of nodes in s2: not Ready yet"),
        ],
        [
            "stay in the place in which this run has restarted one, while the node waits for the next pod",
            places({ n1: inSubnet("s1"), n2: inSubnet("s2", null) }),
            wait("canary on n2: no new pod yet"),
            {},
            memoryWith({ restarts: { n2: 1 } }),
        ],
        [
            "begin in the place in which an earlier run has left a pod that does not work, which has nothing to lose",
            places({ n1: inSubnet("s1"), n2: inSubnet("s2", leftBroken) }),
            restart("canary on n2 of nodes in s2: pod-n2 carries arn:aws:iam::111122223333:role/before", "pod-n2"),
            { record: { ...record, approvedRoleArns: [BEFORE, ROLE] } },
        ],
        [
            "do not begin there if its node is NotReady",
            places({ n1: inSubnet("s1"), n2: inSubnet("s2", leftBroken, { ready: false }) }),
            restart(first("n1", "nodes in s1"), "pod-n1"),
            { record: { ...record, approvedRoleArns: [BEFORE, ROLE] } },
        ],
        [
            "stay in a place with the role also if such a pod is left in another",
            places({ n1: inSubnet("s1", leftBroken), n2: inSubnet("s2", notYet) }),
            wait("canary pod-n2 on n2 of nodes in s2: not Ready yet"),
            { record: { ...record, approvedRoleArns: [BEFORE, ROLE] } },
        ],
        [
            "that a killed run has left with the role are awaited, also where the first one of their node role works",
            places({
                n1: { role: "a", subnet: "s1", pod: notStarting },
                n2: { role: "b", subnet: "s1", pod: working },
                n3: { role: "b", subnet: "s2", pod: notYet },
            }),
            wait(
                "canary pod-n1 on n1 of a in s1: does not start: container aws-node: ImagePullBackOff; also waiting for 1 more",
            ),
        ],
        [
            "have failed when such a one has, though another one does not start",
            places({
                n1: { role: "a", subnet: "s1", pod: { ...notStarting, createdAt: seconds(-300) } },
                n2: { role: "b", subnet: "s1", pod: working },
                n3: { role: "b", subnet: "s2", pod: { ...notYet, createdAt: seconds(-300) } },
            }),
            refuse(
                "time-limit",
                "The canary reached its limit of 300 s. Last seen: canary pod-n3 on n3 of b in s2: not Ready yet.",
            ),
            { canarySeconds: 300 },
        ],
        [
            "are not one on a NotReady node that has the role already, if the role works in another pod",
            places({
                n1: inSubnet("s1", notYet, { ready: false }),
                n2: inSubnet("s1"),
                n3: inSubnet("s2", working),
            }),
            restart(first("n2", "nodes in s1"), "pod-n2"),
        ],
        [
            "are such a one if the role works in no other pod",
            places({ n1: inSubnet("s1", notYet, { ready: false }), n2: inSubnet("s1"), n3: inSubnet("s2") }),
            wait("canary pod-n1 on n1 of nodes in s1: not Ready yet"),
        ],
        [
            "are not that one either if another pod of the place starts with the role on a Ready node",
            places({
                n1: inSubnet("s1", notYet, { ready: false }),
                n2: inSubnet("s1", notYet),
                n3: inSubnet("s2", working),
            }),
            wait("canary pod-n2 on n2 of nodes in s1: not Ready yet"),
        ],
        [
            "are the one that this run has restarted there, until its limit",
            places({
                n1: inSubnet("s1", notYet, { ready: false }),
                n2: inSubnet("s1"),
                n3: inSubnet("s2", working),
            }),
            wait("canary pod-n1 on n1 of nodes in s1: not Ready yet"),
            {},
            memoryWith({ restarts: { n1: 1 } }),
        ],
        [
            "are another one after that",
            places({
                n1: inSubnet("s1", notYet, { ready: false }),
                n2: inSubnet("s1"),
                n3: inSubnet("s2", working),
            }),
            restart(first("n2", "nodes in s1"), "pod-n2"),
            { canarySeconds: 60 },
            memoryWith({ restarts: { n1: 1 } }),
        ],
        [
            "of other places wait until the first of their role is Ready",
            places({ n1: inSubnet("s1", notYet), n2: inSubnet("s2") }),
            wait("canary pod-n1 on n1 of nodes in s1: not Ready yet"),
        ],
        [
            "of other places wait for the first of another role, too",
            places({
                n1: inSubnet("s1", working),
                n2: inSubnet("s2"),
                n3: inSubnet("s1", notYet, { role: "b" }),
            }),
            wait("canary pod-n3 on n3 of b in s1: not Ready yet"),
        ],
        [
            "of other places follow as soon as the first is Ready, side by side, while it is watched",
            places({
                n1: inSubnet("s1", { ...working, readySince: seconds(-1) }),
                n2: inSubnet("s2"),
                n3: inSubnet("s3"),
            }),
            restart(`${first("n2", "nodes in s2")}; ${first("n3", "nodes in s3")}`, "pod-n2", "pod-n3"),
        ],
        [
            "are awaited together",
            places({ n1: inSubnet("s1", working), n2: inSubnet("s2", notYet), n3: inSubnet("s3", notYet) }),
            wait("canary pod-n2 on n2 of nodes in s2: not Ready yet; also waiting for 1 more"),
        ],
        [
            "of some places restart while others are awaited",
            places({ n1: inSubnet("s1", working), n2: inSubnet("s2", notYet), n3: inSubnet("s3") }),
            restart(first("n3", "nodes in s3"), "pod-n3"),
        ],
        [
            "have all worked",
            places({ n1: inSubnet("s1", working), n2: inSubnet("s2", working), n3: inSubnet("s2") }),
            inPlaces(2, 2),
        ],
        [
            "have worked for each of two node roles",
            places({ n1: { role: "a", pod: working }, n2: { role: "b", pod: working } }),
            { do: "done", why: "a pod with the role works on a node of each of 2 node roles" },
        ],
        [
            "begin with ten",
            places(
                twelve(
                    () => ({}),
                    (nth) => `r${String(nth)}`,
                ),
            ),
            restart(
                why(names(0, 10), (name) => `r${String(Number(name.slice(1)))} in s${name.slice(1)}`),
                ...names(0, 10),
            ),
        ],
        [
            "are ten in all, the first of its role included",
            places(twelve((nth) => (nth === 0 ? working : {}))),
            restart(
                why(names(1, 10), (name) => `nodes in s${name.slice(1)}`),
                ...names(1, 10),
            ),
        ],
        ["have worked in ten of twelve places", places(twelve((nth) => (nth < 10 ? working : {}))), inPlaces(10, 12)],
        [
            "are on Ready nodes, and leave out a place that has none",
            places({ n1: inSubnet("s1", {}, { ready: false }), n2: inSubnet("s2") }),
            restart(first("n2", "nodes in s2"), "pod-n2"),
        ],
        [
            "have worked although a place has no Ready node, which is counted",
            places({
                n1: inSubnet("s1", {}, { ready: false }),
                n2: inSubnet("s2", working),
                n3: inSubnet("s3", working),
            }),
            inPlaces(2, 3),
        ],
        [
            "each have their own limit: the second is not late because the first took long",
            places({
                n1: inSubnet("s1", { ...working, createdAt: seconds(-400) }),
                n2: inSubnet("s2", { ...notYet, createdAt: seconds(-299) }),
            }),
            wait("canary pod-n2 on n2 of nodes in s2: not Ready yet"),
            { canarySeconds: 300 },
        ],
        [
            "have failed when one of them has, whatever the others do",
            places({
                n1: inSubnet("s1", working),
                n2: inSubnet("s2"),
                n3: inSubnet("s3", { ...notYet, createdAt: seconds(-300) }),
            }),
            refuse(
                "time-limit",
                "The canary reached its limit of 300 s. Last seen: canary pod-n3 on n3 of nodes in s3: not Ready yet.",
            ),
            { canarySeconds: 300 },
        ],
        [
            "have failed when one has that this run began, though the node has left on which the first one of another node role worked",
            places({
                n1: { role: "a", subnet: "s1", pod: { ...notYet, createdAt: seconds(-200) } },
                n2: { role: "b", subnet: "s1", pod: working },
                n3: { role: "b", subnet: "s2", pod: { ...notYet, createdAt: seconds(-300) } },
            }),
            refuse(
                "time-limit",
                "The canary reached its limit of 300 s. Last seen: canary pod-n3 on n3 of b in s2: not Ready yet.",
            ),
            { canarySeconds: 300 },
            memoryWith({ restarts: { n3: 1 } }),
        ],
        [
            "begin nowhere else again then",
            places({
                n1: { role: "a", subnet: "s1", pod: { ...notYet, createdAt: seconds(-200) } },
                n2: { role: "b", subnet: "s1", pod: working },
                n3: { role: "b", subnet: "s2" },
            }),
            wait("canary pod-n1 on n1 of a in s1: not Ready yet"),
            { canarySeconds: 300 },
            memoryWith({ restarts: { n3: 1 } }),
        ],
        [
            "say nothing about the role if one does not start for a reason of its own, and others work",
            places({
                n1: inSubnet("s1", working),
                n2: inSubnet("s2", unschedulable),
            }),
            refuse("pods-do-not-start", "pod-n2 does not start (Unschedulable). Nodes: n2 (s2)."),
            { canarySeconds: 300 },
        ],
        [
            "are all named that do not start",
            besideUnschedulable(inSubnet("s3", { ...notYet, createdAt: seconds(-301), startProblem: "Unschedulable" })),
            refuse(
                "pods-do-not-start",
                "pod-n2 does not start (Unschedulable), pod-n3 does not start (Unschedulable). Nodes: n2 (s2), n3 (s3).",
            ),
            { canarySeconds: 300 },
        ],
        [
            "are the only ones named, and not a pod that is merely starting beside them",
            besideUnschedulable(inSubnet("s1", { ...notYet, createdAt: seconds(-299) })),
            refuse("pods-do-not-start", "pod-n2 does not start (Unschedulable). Nodes: n2 (s2)."),
            { canarySeconds: 300 },
        ],
        [
            "are the pods of a place that do start, if there are any: they show whether the role works there",
            besideUnschedulable(inSubnet("s2", { ...notYet, createdAt: seconds(-299) })),
            wait("canary pod-n3 on n3 of nodes in s2: not Ready yet"),
            { canarySeconds: 300 },
        ],
        [
            "have failed when such a pod has, beside one that does not start",
            besideUnschedulable(inSubnet("s2", { ...notYet, createdAt: seconds(-300) })),
            refuse(
                "time-limit",
                "The canary reached its limit of 300 s. Last seen: canary pod-n3 on n3 of nodes in s2: not Ready yet.",
            ),
            { canarySeconds: 300 },
        ],
        [
            "are awaited in the other places first, where one does not start",
            besideUnschedulable(inSubnet("s3", { ...notYet, createdAt: seconds(-296) })),
            wait("canary pod-n3 on n3 of nodes in s3: not Ready yet"),
            { canarySeconds: 300 },
        ],
        [
            "have failed if one does not start, and none has worked",
            places({
                n1: inSubnet("s1", unschedulable),
                n2: inSubnet("s2"),
            }),
            refuse(
                "time-limit",
                "The canary reached its limit of 300 s. Last seen: canary pod-n1 on n1 of nodes in s1: does not start: Unschedulable.",
            ),
            { canarySeconds: 300 },
        ],
        [
            "are not of a node role without a Ready node",
            places({ n1: { role: "a", ready: false }, n2: { role: "b" } }),
            restart(first("n2", "b"), "pod-n2"),
        ],
        [
            "have failed when one complains",
            places({ n1: inSubnet("s1", working), n2: inSubnet("s2", { ...working, missingPermissions: "no" }) }),
            refuse("pod-misses-permissions", `The pod pod-n2 on n2 (s2) carries ${ROLE} and reports in an event: no`),
        ],
        [
            "are named with all that complain, though one is late as well",
            places({
                n1: inSubnet("s1", { ...notYet, createdAt: seconds(-300) }),
                n2: inSubnet("s2", { ...working, missingPermissions: "no" }),
                n3: inSubnet("s3", { ...notYet, missingPermissions: "no" }),
            }),
            refuse(
                "pod-misses-permissions",
                `2 pods carry ${ROLE} and report missing permissions in events: pod-n2, pod-n3 on n2 (s2), n3 (s3). The event of pod-n2: no`,
            ),
            { canarySeconds: 300 },
        ],
        [
            "are those that a killed run left, and one more where it left none",
            places({
                n1: inSubnet("s1", working),
                n2: inSubnet("s2", { ...working, readySince: seconds(-5) }),
                n3: inSubnet("s3"),
            }),
            restart(first("n3", "nodes in s3"), "pod-n3"),
            { canarySeconds: 300 },
            memoryWith({ startedAt: seconds(-1) }),
        ],
        [
            "restart where a former run left pods that do not work, each in its place",
            places({
                n1: inSubnet("s1", { ...broken, credentials: { ...right, roleArn: "bad" } as typeof right }),
                n2: inSubnet("s1"),
                n3: { role: "b", subnet: "s1" },
            }),
            restart(`canary on n1 of nodes in s1: pod-n1 carries bad; ${first("n3", "b in s1")}`, "pod-n1", "pod-n3"),
            { record: { ...record, approvedRoleArns: ["bad", ROLE] } },
        ],
        [
            "wait for the pod of one place, and restart that of another",
            places({ n1: { role: "a", pod: null }, n2: { role: "b" } }),
            restart(first("n2", "b"), "pod-n2"),
        ],
        [
            "have the DaemonSet try again where a pod was refused",
            places({ n1: { role: "a", pod: null }, n2: { role: "b", pod: notYet } }, { refusedPods: ["no"] }),
            { do: "wake", why: "the API server refused the pods for n1; making the DaemonSet controller retry" },
        ],
    ];
    for (const [what, of, step, more, memory = fresh] of rows) {
        it(what, () => {
            deepStrictEqual(comparableStep(nextCanaryStep({ ...target, ...more }, of, memory)), step);
        });
    }
});
