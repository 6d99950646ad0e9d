import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { nextCanaryStep, RolloutTarget } from "../../../../handover/decide/canary";
import { nextRolloutStep, podsLeft } from "../../../../handover/decide/rollout";
import type { Memory } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import { broken, notYet, On, places, refuse, restart, right, target, wait, working } from "../support/rollouts";
import { comparableStep, daemonSet, fresh, memoryWith, pod, record, ROLE, seconds } from "../support/worlds";

const NOTHING_OF_ITS_OWN = (name: string) => `${name} carries no role of its own`;
const works = (pods: string) => ({ do: "done", why: `${pods} with the role` });
const late = { ...notYet, createdAt: seconds(-300) };
/** This run has restarted the pods of these nodes. */
const restarted = (...nodes: string[]) => memoryWith({ restarts: Object.fromEntries(nodes.map((name) => [name, 1])) });
const FIRST = restarted("n1", "n2", "n3");
const onDelete = { ...daemonSet, updateStrategy: "OnDelete" as const, maxUnavailable: 2 };

/** Nodes n1, n2, … in the same place. */
const inOnePlace = (...pods: (On["pod"] | "NotReady")[]): Record<string, On> =>
    Object.fromEntries(
        pods.map((seen, nth) => [
            `n${String(nth + 1)}`,
            seen === "NotReady" ? { ready: false } : { pod: seen === undefined ? {} : seen },
        ]),
    );

describe("A wave of the rollout", () => {
    const rows: [string, World, object, Partial<RolloutTarget>?, Memory?][] = [
        [
            "follows the canaries",
            places(inOnePlace({}, {}), { maxUnavailable: 5 }),
            restart("canary pod-n1 on n1 of nodes: restarts first, with the role", "pod-n1"),
        ],
        [
            "is no larger than the number of pods that this run has seen to work",
            places(inOnePlace(working, {}, {}, {}), { maxUnavailable: 5 }),
            restart(NOTHING_OF_ITS_OWN("pod-n2"), "pod-n2"),
        ],
        [
            "is one pod at first, where pods work that an earlier run restarted",
            places(inOnePlace(working, working, working, {}, {}), { maxUnavailable: 5 }),
            restart(NOTHING_OF_ITS_OWN("pod-n4"), "pod-n4"),
        ],
        [
            "grows with that number",
            places(inOnePlace(working, working, {}, {}, {}), { maxUnavailable: 5 }),
            restart("pod-n3 carries no role of its own; with it pod-n4", "pod-n3", "pod-n4"),
            {},
            FIRST,
        ],
        [
            "is no larger than the DaemonSet's maxUnavailable",
            places(inOnePlace(working, working, working, {}, {}, {}), { maxUnavailable: 2 }),
            restart("pod-n4 carries no role of its own; with it pod-n5", "pod-n4", "pod-n5"),
            {},
            FIRST,
        ],
        [
            "is the same with OnDelete, and for pods of an older template",
            places(inOnePlace(working, working, working, { current: false }, { current: false }, {}), {
                daemonSet: onDelete,
            }),
            restart("pod-n4 carries no role of its own; with it pod-n5", "pod-n4", "pod-n5"),
            {},
            FIRST,
        ],
        [
            "restarts pods of another role, and of one that is carried in part",
            places(
                inOnePlace(
                    working,
                    working,
                    { credentials: { ...right, roleArn: "old" } as typeof right },
                    {
                        credentials: { kind: "incomplete", roleArns: [ROLE], what: "a container" },
                    },
                ),
                { maxUnavailable: 5 },
            ),
            restart("pod-n3 carries old; with it pod-n4", "pod-n3", "pod-n4"),
            {},
            FIRST,
        ],
        [
            "restarts pods that carry the role from before it was delivered in another way",
            places(inOnePlace({ ...working, createdAt: seconds(-50) }, working), { maxUnavailable: 5 }),
            restart(`pod-n2 carries ${ROLE}`, "pod-n2"),
            { record: { ...record, deliveredAt: seconds(-60) } },
        ],
        [
            "begins only when each pod of the one before is Ready",
            places(inOnePlace(working, working, notYet, {}, {}), { maxUnavailable: 5 }),
            wait("4 of 5 pods are Ready (not Ready yet: pod-n3; yet to restart: 2)"),
        ],
        [
            "begins only when each pod of the one before is there",
            places(inOnePlace(working, working, null, {}, {}), { maxUnavailable: 5 }),
            wait("4 of 5 pods are Ready (no pod yet on n3; yet to restart: 2)"),
        ],
        [
            "begins only when the last pods of the one before have ended",
            places(inOnePlace(working, working, null, {}), {
                maxUnavailable: 5,
                pods: [
                    pod("n1", right),
                    pod("n2", right),
                    pod("n3", right),
                    pod("n3", right, { name: "old", terminating: true }),
                    pod("n4", { kind: "nodeRole" }),
                ],
            }),
            wait("4 of 4 pods are Ready (still terminating: old; yet to restart: 1)"),
        ],
        [
            "does not wait until the pods of the one before are stable",
            places(inOnePlace(working, { ...working, readySince: seconds(0) }, {}, {}, {}), { maxUnavailable: 5 }),
            restart("pod-n3 carries no role of its own; with it pod-n4", "pod-n3", "pod-n4"),
            {},
            FIRST,
        ],
        [
            "has the DaemonSet try again where a pod was refused",
            places(inOnePlace(working, null, {}), { refusedPods: ["no"] }),
            { do: "wake", why: "the API server refused the pods for n2; making the DaemonSet controller retry" },
        ],
        [
            "has pods that are not Ready besides those that count",
            places(inOnePlace(working, {}, broken, broken, {}), { maxUnavailable: 5 }),
            restart("pod-n3 carries no role of its own; with it pod-n4, pod-n2", "pod-n3", "pod-n4", "pod-n2"),
        ],
        [
            "has these alone where no more may be missing",
            places(inOnePlace(working, {}, broken, broken, {}), { maxUnavailable: 2 }),
            restart("pod-n3 carries no role of its own; with it pod-n4", "pod-n3", "pod-n4"),
        ],
        [
            "leaves pods on NotReady nodes to the verification",
            places(inOnePlace(working, "NotReady", "NotReady")),
            works("1 pod works"),
        ],
        [
            "goes on beside NotReady nodes",
            places(inOnePlace(working, working, "NotReady", {}, {}, {}), { maxUnavailable: 2 }),
            restart("pod-n4 carries no role of its own; with it pod-n5", "pod-n4", "pod-n5"),
            {},
            FIRST,
        ],
        [
            "is not needed where each pod works with the role",
            places(inOnePlace(working, working)),
            works("2 pods work"),
        ],
        ["is not needed without nodes", places({}), { do: "done", why: "nothing to test: the cluster has no nodes" }],
        [
            "comes after a wait for a webhook that was late",
            places(inOnePlace(working, { createdAt: seconds(-1) })),
            wait("pod-n2 carries no role of its own; restarting it again after a pause"),
            {},
            memoryWith({ restarts: { n2: 1 } }),
        ],
        [
            "is the last one for a pod that did not get the role five times",
            places(inOnePlace(working, {})),
            refuse(
                "restart-limit",
                "The pod on node n2 was restarted 5 times, and the problem remains: pod-n2 carries no role of its own.",
            ),
            {},
            memoryWith({ restarts: { n2: 5 } }),
        ],
    ];
    for (const [what, of, step, more, memory = fresh] of rows) {
        it(what, () => {
            deepStrictEqual(comparableStep(nextRolloutStep({ ...target, ...more }, of, memory)), step);
        });
    }
});

describe("A wave after ten canaries in more places", () => {
    const twelve = (of: (nth: number) => On["pod"]) =>
        Object.fromEntries(
            Array.from({ length: 24 }, (_, nth) => {
                const id = String(nth).padStart(2, "0");
                return [`n${id}`, { subnet: `s${String(nth % 12).padStart(2, "0")}`, pod: of(nth) ?? {} }];
            }),
        );

    it("tests each other place with one pod", () => {
        const of = places(
            twelve((nth) => (nth < 10 ? working : {})),
            { maxUnavailable: 8 },
        );
        deepStrictEqual(
            comparableStep(nextRolloutStep(target, of, restarted(...Object.keys(twelve(() => ({}))).slice(0, 10)))),
            restart("pod-n10 carries no role of its own; with it pod-n11", "pod-n10", "pod-n11"),
        );
    });

    it("tests them within maxUnavailable", () => {
        const of = places(
            twelve((nth) => (nth < 10 ? working : {})),
            { maxUnavailable: 1 },
        );
        deepStrictEqual(
            comparableStep(nextRolloutStep(target, of, fresh)),
            restart(NOTHING_OF_ITS_OWN("pod-n10"), "pod-n10"),
        );
    });

    it("begins with pods that are not Ready, wherever they are: each of them uses up maxUnavailable", () => {
        const of = places(
            twelve((nth) => (nth < 10 ? working : nth === 12 ? { ready: false, readySince: undefined } : {})),
            { maxUnavailable: 1 },
        );
        deepStrictEqual(
            comparableStep(nextRolloutStep(target, of, fresh)),
            restart(NOTHING_OF_ITS_OWN("pod-n12"), "pod-n12"),
        );
    });

    it("is of any pods once each place has one that works", () => {
        const of = places(
            twelve((nth) => (nth < 12 ? working : {})),
            { maxUnavailable: 3 },
        );
        deepStrictEqual(
            comparableStep(nextRolloutStep(target, of, restarted(...Object.keys(twelve(() => ({}))).slice(0, 12)))),
            restart("pod-n12 carries no role of its own; with it pod-n13, pod-n14", "pod-n12", "pod-n13", "pod-n14"),
        );
    });
});

describe("A wave fails", () => {
    const limit: Partial<RolloutTarget> = { canarySeconds: 300 };
    const inSubnets = (...pods: On["pod"][]) =>
        Object.fromEntries(
            [working, working, ...pods].map((seen, nth) => [
                `n${String(nth)}`,
                { subnet: `s${String(nth % 2)}`, pod: seen ?? {} },
            ]),
        );
    const rows: [string, World, object, Partial<RolloutTarget>?, Memory?][] = [
        [
            "where pods are not Ready within the limit, with their nodes and subnets",
            places(inSubnets(late, late)),
            refuse(
                "pods-do-not-work",
                "pod-n2, pod-n3 on n2 (s0), n3 (s1) restarted with the role, and have not been Ready for 300 s.",
            ),
        ],
        [
            "not before the limit",
            places(inSubnets({ ...notYet, createdAt: seconds(-299) })),
            wait("2 of 3 pods are Ready (not Ready yet: pod-n2)"),
        ],
        [
            "not for a pod of an earlier wave that is no longer Ready, before its limit",
            places(inSubnets({ ...late, unreadySince: seconds(-299) })),
            wait("2 of 3 pods are Ready (not Ready yet: pod-n2)"),
        ],
        [
            "for such a pod that is not Ready again within its limit",
            places(inSubnets({ ...late, unreadySince: seconds(-300) })),
            refuse("pods-do-not-work", "pod-n2 on n2 (s0) restarted with the role, and has not been Ready for 300 s."),
        ],
        [
            "with those alone that are late",
            places(inSubnets(late, { ...notYet, createdAt: seconds(-299) })),
            refuse("pods-do-not-work", "pod-n2 on n2 (s0) restarted with the role, and has not been Ready for 300 s."),
        ],
        [
            "for pods that an earlier run left only after the whole limit of this one",
            places(inSubnets(late)),
            wait("2 of 3 pods are Ready (not Ready yet: pod-n2)"),
            {},
            memoryWith({ startedAt: seconds(-299) }),
        ],
        [
            "where pods do not start for a reason that is not the role",
            places(inSubnets({ ...late, startProblem: "container aws-node: ImagePullBackOff" }, {})),
            refuse(
                "pods-do-not-start",
                "pod-n2 does not start (container aws-node: ImagePullBackOff). Nodes: n2 (s0).",
            ),
        ],
        [
            "not before their limit either, since an image may come late",
            places(
                inSubnets({ ...notYet, createdAt: seconds(-299), startProblem: "container aws-node: ErrImagePull" }),
            ),
            wait("2 of 3 pods are Ready (not Ready yet: pod-n2)"),
        ],
        [
            "for their credentials where some pods do not start, and others do not work",
            places(inSubnets({ ...late, startProblem: "Unschedulable" }, late)),
            refuse("pods-do-not-work", "pod-n3 on n3 (s1) restarted with the role, and has not been Ready for 300 s."),
        ],
        [
            "only when the others have shown whether they work, where one does not start",
            places(inSubnets({ ...late, startProblem: "Unschedulable" }, { ...notYet, createdAt: seconds(-296) })),
            wait("2 of 4 pods are Ready (not Ready yet: pod-n2, pod-n3)"),
        ],
        [
            "for those that do not start, when none of the others is undecided",
            places(
                inSubnets(
                    { ...late, startProblem: "Unschedulable" },
                    { ...notYet, createdAt: seconds(-296), startProblem: "Unschedulable" },
                ),
            ),
            refuse(
                "pods-do-not-start",
                "pod-n2 does not start (Unschedulable), pod-n3 does not start (Unschedulable). Nodes: n2 (s0), n3 (s1).",
            ),
        ],
        [
            "at once where a pod complains",
            places(inSubnets({ ...notYet, createdAt: seconds(-1), missingPermissions: "ec2:CreateTags denied" }, late)),
            refuse(
                "pod-misses-permissions",
                `The pod pod-n2 on n2 (s0) carries ${ROLE} and reports in an event: ec2:CreateTags denied`,
            ),
        ],
        [
            "not for a complaint from before the role was proved",
            places(inSubnets({ ...working, missingPermissions: "no", missingPermissionsAt: seconds(-9) })),
            works("3 pods work"),
            { provedAt: seconds(-8) },
        ],
        [
            "not for pods on NotReady nodes",
            places({ ...inSubnets(), n9: { subnet: "s0", ready: false, pod: late } }),
            works("2 pods work"),
        ],
        [
            "not for pods without the role that are not Ready, which restart",
            places(inSubnets({ ...broken, createdAt: seconds(-999) })),
            restart(NOTHING_OF_ITS_OWN("pod-n2"), "pod-n2"),
        ],
    ];
    for (const [what, of, step, more, memory = fresh] of rows) {
        it(what, () => {
            deepStrictEqual(comparableStep(nextRolloutStep({ ...target, ...limit, ...more }, of, memory)), step);
        });
    }
});

describe("What is left of a rollout", () => {
    it("is the Ready nodes whose pod does not work with the role", () => {
        strictEqual(podsLeft(target, places(inOnePlace(working, notYet, {}, null, broken, "NotReady"))), 4);
        strictEqual(podsLeft(target, places(inOnePlace(working, working, "NotReady"))), 0);
    });

    it("is less after each wave, and never more because a pod ends", () => {
        strictEqual(podsLeft(target, places(inOnePlace(working, { ...working, terminating: true }))), 1);
    });
});

describe("In any world", () => {
    const aPod: fc.Arbitrary<On["pod"]> = fc.constantFrom(
        {},
        {},
        working,
        working,
        notYet,
        broken,
        null,
        { ...working, terminating: true },
        { current: false },
        { credentials: { ...right, roleArn: "old" } as typeof right },
    );
    const aNode = fc.record({
        role: fc.constantFrom("a", "b"),
        subnet: fc.constantFrom("s1", "s2"),
        ready: fc.constantFrom(true, true, true, false),
        pod: aPod,
    });
    const aWorld = fc
        .tuple(fc.array(aNode, { minLength: 1, maxLength: 16 }), fc.integer({ min: 1, max: 5 }))
        .map(([nodes, maxUnavailable]) =>
            places(Object.fromEntries(nodes.map((on, nth) => [`n${String(nth)}`, on])), { maxUnavailable }),
        );
    const afterCanaries = (of: World) => nextCanaryStep(target, of, fresh).do === "done";
    const isAvailable = ({ ready, terminating }: World["cluster"]["pods"][number]) => ready && !terminating;

    it("a wave takes no more pods that are Ready than may be missing, and than work with the role", () => {
        let waves = 0;
        fc.assert(
            fc.property(aWorld.filter(afterCanaries), (of) => {
                const step = nextRolloutStep(target, of, fresh);
                if (step.do !== "restart") {
                    return;
                }
                waves++;
                const { cluster } = of;
                const onReadyNodes = cluster.nodes.filter(({ ready }) => ready).map(({ name }) => name);
                const seen = cluster.pods.filter(({ node }) => onReadyNodes.includes(node));
                const missing = onReadyNodes.length - seen.filter(isAvailable).length;
                const taken = step.pods.filter(({ ready }) => ready).length;
                const works = seen.filter((one) => isAvailable(one) && one.credentials === right).length;
                ok(taken <= Math.max(0, (cluster.daemonSet?.maxUnavailable ?? 0) - missing), "too many are missing");
                ok(taken <= Math.max(1, works), "more than work with the role");
                ok(
                    step.pods.every(({ node }) => onReadyNodes.includes(node)),
                    "a pod of a NotReady node",
                );
                ok(
                    step.pods.every(({ credentials }) => credentials !== right),
                    "a pod that has the role",
                );
            }),
            { numRuns: 300 },
        );
        ok(waves > 20, `${String(waves)} waves`);
    });

    it("no wave begins while a pod with the role on a Ready node is not Ready, or a pod is missing", () => {
        fc.assert(
            fc.property(aWorld.filter(afterCanaries), (of) => {
                const step = nextRolloutStep(target, of, fresh);
                const { nodes, pods } = of.cluster;
                const ready = nodes.filter((one) => one.ready).map(({ name }) => name);
                const isInFlight = ready.some((name) => {
                    const staying = pods.find(({ node, terminating }) => node === name && !terminating);
                    return staying === undefined || (staying.credentials === right && !staying.ready);
                });
                strictEqual(step.do === "restart" && isInFlight, false);
            }),
            { numRuns: 300 },
        );
    });

    it("the rollout is done only when each pod on a Ready node works with the role", () => {
        fc.assert(
            fc.property(aWorld, (of) => {
                strictEqual(nextRolloutStep(target, of, fresh).do === "done" && podsLeft(target, of) > 0, false);
            }),
            { numRuns: 300 },
        );
    });
});
