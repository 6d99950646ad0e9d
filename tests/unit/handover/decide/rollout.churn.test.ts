import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { nextCanaryStep, RolloutTarget, watchedRollout } from "../../../../handover/decide/canary";
import { nextRolloutStep, podsLeft } from "../../../../handover/decide/rollout";
import { withSeen } from "../../../../handover/decide/seen";
import { nextTakeBackStep, TakeBackTarget } from "../../../../handover/decide/takeBack";
import type { Memory } from "../../../../handover/model/steps";
import type { PodSeen, World } from "../../../../handover/model/world";
import { inForce } from "../support/detachments";
import { notYet, On, places, restart, target, wait, working } from "../support/rollouts";
import { comparableStep, fresh, memoryWith, onNodeRole, pod, ROLE, seconds, subject } from "../support/worlds";

const after = (look: World, more: Partial<Memory> = {}): Memory =>
    withSeen({ ...fresh, ...more }, look, watchedRollout(target));
const leaving = (of: World, state: "shutting-down" | "terminated", ...names: string[]): World => ({
    ...of,
    account: { ...of.account, leavingInstances: Object.fromEntries(names.map((name) => [`i-${name}`, state])) },
});
const NOTHING_OF_ITS_OWN = (name: string) => `${name} carries no role of its own`;
const three: Record<string, On> = { n1: { pod: working }, n2: { pod: working }, n3: {} };
const joining = (on: On) => places({ ...three, n4: on });

describe("A rollout beside nodes that join", () => {
    const rows: [string, World, object, Memory?][] = [
        [
            "begins its next wave, though one has no pod yet",
            joining({ pod: null }),
            restart(NOTHING_OF_ITS_OWN("pod-n3"), "pod-n3"),
        ],
        [
            "begins it though the pod of one is starting",
            joining({ pod: notYet }),
            restart(NOTHING_OF_ITS_OWN("pod-n3"), "pod-n3"),
        ],
        [
            "waits for one on which a pod was Ready",
            joining({ pod: notYet }),
            wait("3 of 4 pods are Ready (not Ready yet: pod-n4; yet to restart: 1)"),
            withSeen(after(places(three)), joining({ pod: working }), watchedRollout(target)),
        ],
        [
            "restarts the pod of one that has no role",
            places({ ...three, n3: { pod: working }, n4: {} }),
            restart(NOTHING_OF_ITS_OWN("pod-n4"), "pod-n4"),
        ],
        [
            "is done while one is starting",
            places({ ...three, n3: { pod: working }, n4: { pod: notYet } }),
            { do: "done", why: "3 pods work with the role" },
        ],
    ];
    for (const [what, of, step, memory = after(places(three))] of rows) {
        it(what, () => deepStrictEqual(comparableStep(nextRolloutStep(target, of, memory)), step));
    }

    it("waits for each node that it has seen from its beginning", () => {
        deepStrictEqual(
            comparableStep(nextRolloutStep(target, joining({ pod: notYet }), after(joining({ pod: null })))),
            wait("3 of 4 pods are Ready (not Ready yet: pod-n4; yet to restart: 1)"),
        );
    });
});

describe("A rollout beside nodes whose instance is terminated", () => {
    const four = { ...three, n4: { role: "more", subnet: "s4" } };

    it("tests nothing there, restarts nothing there, and does not wait for it", () => {
        for (const state of ["shutting-down", "terminated"] as const) {
            deepStrictEqual(
                comparableStep(nextRolloutStep(target, leaving(places(four), state, "n4"), fresh)),
                restart(NOTHING_OF_ITS_OWN("pod-n3"), "pod-n3"),
            );
            const starts = places({ ...three, n3: { pod: working }, n4: { pod: notYet } });
            deepStrictEqual(nextRolloutStep(target, leaving(starts, state, "n4"), fresh), {
                do: "done",
                why: "3 pods work with the role",
            });
        }
    });

    it("does not count their pods among those that are left", () => {
        strictEqual(podsLeft(target, places(four)), 2);
        strictEqual(podsLeft(target, leaving(places(four), "shutting-down", "n3", "n4")), 0);
    });
});

describe("A place without a canary", () => {
    const tested = Object.fromEntries(
        Array.from({ length: 10 }, (_, i) => [`n${String(i)}`, { subnet: `s${String(i)}`, pod: working }]),
    );
    const guest = (pod: Partial<PodSeen>) => ({ guest: { subnet: "other", pod } });
    const others: Record<string, On> = { o1: { subnet: "other" }, o2: { subnet: "other" } };
    const look = (more: Record<string, On> = {}) => places({ ...tested, ...others, ...more }, { maxUnavailable: 5 });
    const restarts = Object.fromEntries(Object.keys(tested).map((name) => [name, 1]));
    const afterGuest = (pod: Partial<PodSeen>) => after(look(guest(pod)), { restarts });
    const reason = NOTHING_OF_ITS_OWN("pod-o1");
    const all = restart(`${reason}; with it pod-o2`, "pod-o1", "pod-o2");
    const one = restart(reason, "pod-o1");
    const rows: [string, Memory, object][] = [
        ["is tested with one pod", after(look(), { restarts }), one],
        [
            "stays tested when the node leaves whose pod has worked there",
            afterGuest({ ...working, readySince: seconds(-20) }),
            all,
        ],
        [
            "does not if that pod was not watched for long enough",
            afterGuest({ ...working, readySince: seconds(-19) }),
            one,
        ],
        ["is not tested by a pod that was never Ready", afterGuest(notYet), one],
        ["is not tested by a pod of the node role", afterGuest({}), one],
    ];
    for (const [what, memory, step] of rows) {
        it(what, () => deepStrictEqual(comparableStep(nextRolloutStep(target, look(), memory)), step));
    }
});

describe("A canary that has worked for long enough", () => {
    const stable: Partial<PodSeen> = { ...working, readySince: seconds(-20) };
    const early: Partial<PodSeen> = { ...working, readySince: seconds(-19) };
    const two = (first: On, second: On): World =>
        places({ n1: { subnet: "s1", ...first }, n2: { subnet: "s2", ...second } });
    const done = {
        do: "done",
        why: "a pod with the role works in 2 of 2 combinations of node role, subnet and security groups",
    };

    it("counts for its place while the others are watched, also if its pod has left", () => {
        const memory = after(two({ pod: stable }, { pod: early }));
        const later = two({ pod: null }, { pod: stable });
        deepStrictEqual(comparableStep(nextCanaryStep(target, later, memory)), done);
    });

    it("does not count before that", () => {
        const memory = after(two({ pod: early }, { pod: early }));
        deepStrictEqual(
            comparableStep(nextCanaryStep(target, two({ pod: null }, { pod: stable }), memory)),
            wait("canary on n1: no new pod yet"),
        );
    });

    it("does not count if it complains", () => {
        const complaining = two({ pod: { ...stable, missingPermissions: "no" } }, { pod: early });
        const later = two({ pod: null }, { pod: stable });
        deepStrictEqual(
            comparableStep(nextCanaryStep(target, later, after(complaining))),
            wait("canary on n1: no new pod yet"),
        );
    });
});

describe("A single complaint within the time that IAM may take", () => {
    const started = { startedAt: seconds(-100) };
    const complaint = (more: Partial<PodSeen> = {}) =>
        places({
            n1: {
                pod: {
                    ...working,
                    readySince: seconds(-50),
                    missingPermissions: "no",
                    missingPermissionsAt: seconds(-20),
                    missingPermissionsCount: 1,
                    ...more,
                },
            },
        });
    const step = (of: World, more: Partial<RolloutTarget> = {}, memory: Partial<Memory> = started) =>
        nextRolloutStep({ ...target, ...more }, of, memoryWith(memory));
    const code = (of: World, ...more: [Partial<RolloutTarget>?, Partial<Memory>?]) => {
        const next = step(of, ...more);
        return next.do === "refuse" ? next.refusal.code : next.do;
    };

    it("is no verdict: the pod is watched from then on", () => {
        strictEqual(code(complaint()), "done");
        const later = step(complaint({ missingPermissionsAt: seconds(-19) }));
        deepStrictEqual(later, wait("canary pod-n1 on n1 of nodes: Ready, watching it for 20 s"));
        deepStrictEqual(
            step(complaint({ ready: false, readySince: undefined })),
            wait("canary pod-n1 on n1 of nodes: not Ready yet"),
        );
    });

    it("counts if the pod complains again, or if the number is not known", () => {
        strictEqual(code(complaint({ missingPermissionsCount: 2 })), "pod-misses-permissions");
        const { cluster, ...rest } = complaint();
        const pods = cluster.pods.map((one) => ({ ...one, missingPermissionsCount: undefined as never }));
        strictEqual(code({ ...rest, cluster: { ...cluster, pods } }), "pod-misses-permissions");
    });

    it("counts if it is from before the run, or from after that time", () => {
        strictEqual(code(complaint(), {}, { startedAt: seconds(-20) }), "done");
        strictEqual(code(complaint(), {}, { startedAt: seconds(-19) }), "pod-misses-permissions");
        strictEqual(code(complaint(), { iamPropagationSeconds: 81 }), "done");
        strictEqual(code(complaint(), { iamPropagationSeconds: 80 }), "pod-misses-permissions");
        strictEqual(code(complaint({ missingPermissionsAt: undefined as never })), "pod-misses-permissions");
    });
});

describe("Taking a rollout back", () => {
    const back: TakeBackTarget = { subject, formerAnnotations: {}, stableSeconds: 20 };
    const taken = (of: World, more: Partial<TakeBackTarget> = {}, memory = fresh) =>
        comparableStep(nextTakeBackStep({ ...back, ...more }, of, memory));
    const unannotated = { uid: "account", annotations: {}, roleArnOwners: [] };

    it("does not wait for the first pod of a node that has joined", () => {
        const world = places({ n1: {}, n2: { pod: null } }, { serviceAccount: unannotated });
        const first = places({ n1: {} }, { serviceAccount: unannotated });
        deepStrictEqual(taken(world, {}, withSeen(fresh, first)), { do: "done", why: "the rollout is taken back" });
        deepStrictEqual(taken(world), wait("not reverted yet: n2"));
    });

    it("removes the injection guard before the annotation, where nothing relies on it", () => {
        const guarded = places({ n1: { pod: working } }, { injectionGuard: inForce });
        deepStrictEqual(taken(guarded, { removesGuard: true }), {
            do: "removeInjectionGuard",
            why: "removing the injection guard, which refuses pods with the former annotation: the node roles hold their policies",
        });
        const annotate = { do: "annotate", annotations: {}, why: "reverting the annotation" };
        deepStrictEqual(taken(guarded, { removesGuard: false }), annotate);
        const admitted = { ...inForce, roleArns: [ROLE, "former"] };
        const former = { "eks.amazonaws.com/role-arn": "former" };
        deepStrictEqual(
            taken(places({ n1: { pod: working } }, { injectionGuard: admitted }), {
                removesGuard: true,
                formerAnnotations: former,
            }),
            { ...annotate, annotations: former },
        );
    });

    it("restarts a pod without the role on no node", () => {
        deepStrictEqual(taken(places({ n1: { pod: pod("n1", onNodeRole) } }, { serviceAccount: unannotated })), {
            do: "done",
            why: "the rollout is taken back",
        });
    });
});
