import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { carriersLeft, HandBackTarget, nextHandBackStep, nextReturnStep } from "../../../../handover/decide/handBack";
import type { Memory } from "../../../../handover/model/steps";
import type { ClusterSeen, World } from "../../../../handover/model/world";
import { propagated, released, target, unannotated } from "../support/handBacks";
import { On, places, refuse, restart, wait, working } from "../support/rollouts";
import {
    carrying,
    comparableStep,
    FORMER_ROLE,
    fresh,
    incomplete,
    memoryWith,
    record,
    ROLE,
    ROLE_ARN,
    seconds,
    serviceAccount,
} from "../support/worlds";

/** The pods carry the role unless a row says otherwise, and everything else has been handed back. */
function back(where: Readonly<Record<string, On>>, cluster: Partial<ClusterSeen> & { maxUnavailable?: number } = {}) {
    const withRole = Object.entries(where).map(([name, on]) => [
        name,
        { ...on, pod: on.pod === undefined ? working : on.pod },
    ]);
    return places(Object.fromEntries(withRole) as Record<string, On>, { serviceAccount: unannotated, ...cluster });
}
/** A pod that uses the node role again. */
const returned = {};
const returning = { ready: false, readySince: undefined };
/** A pod with the role on a node that does not answer. */
const silent = { ...working, ...returning };
const first = (...names: string[]) => restart(names.map((name) => `${name} restarts first`).join("; "), ...names);
const twoRoles = (n1: On["pod"], n2: On["pod"]): Record<string, On> => ({
    n1: { role: "a", ...(n1 === undefined ? {} : { pod: n1 }) },
    n2: { role: "b", ...(n2 === undefined ? {} : { pod: n2 }) },
    n3: { role: "a" },
    n4: { role: "b" },
});

describe("On the way back, the waves", () => {
    const rows: [string, World, object, Partial<HandBackTarget>?, Memory?][] = [
        [
            "begin with one pod of each node role, side by side, however few may be missing",
            back(twoRoles(working, working)),
            first("pod-n1", "pod-n2"),
        ],
        [
            "begin with one pod of a node role, however many subnets it has",
            back({ n1: { subnet: "s1" }, n2: { subnet: "s2" } }, { maxUnavailable: 5 }),
            first("pod-n1"),
        ],
        [
            "begin with one pod in all where the node roles are not known",
            { ...back({ n1: {}, n2: {} }), account: { roleOfInstance: {}, nodeRoles: [] } },
            first("pod-n1"),
            { formerAnnotations: { [ROLE_ARN]: FORMER_ROLE } },
        ],
        [
            "wait for each of these pods",
            back(twoRoles(returned, returning)),
            wait("1 of 2 pods are Ready (not Ready yet: pod-n2; yet to restart: 1)"),
        ],
        [
            "wait for all of them, and count",
            back(twoRoles(returning, returning)),
            wait("1 of 2 pods are Ready (not Ready yet: pod-n1; yet to restart: 1); also waiting for 1 more"),
        ],
        [
            "restart the first pod of one role while that of another is awaited",
            back(twoRoles(returning, working)),
            first("pod-n2"),
        ],
        [
            "have the first pods that are not Ready restart alone",
            back({ n1: {}, n2: { pod: { ...working, ...returning } }, n3: { pod: { ...working, ...returning } } }),
            restart("pod-n2 restarts first; with it pod-n3", "pod-n2", "pod-n3"),
        ],
        [
            "follow within maxUnavailable",
            back({ n1: { pod: returned }, n2: {}, n3: {}, n4: {} }, { maxUnavailable: 2 }),
            restart(`pod-n2 carries ${ROLE}; with it pod-n3`, "pod-n2", "pod-n3"),
        ],
        [
            "follow each other when all pods of the one before are Ready",
            back({ n1: { pod: returned }, n2: { pod: returning }, n3: {}, n4: {} }, { maxUnavailable: 3 }),
            wait("3 of 4 pods are Ready (not Ready yet: pod-n2; yet to restart: 2)"),
        ],
        [
            "do not wait for a NotReady node",
            back(
                { n1: { pod: returned }, n2: { ready: false, pod: returning }, n3: {}, n4: {} },
                { maxUnavailable: 3 },
            ),
            restart(`pod-n3 carries ${ROLE}; with it pod-n4`, "pod-n3", "pod-n4"),
        ],
        [
            "begin with a pod on a Ready node, though one on a NotReady node has nothing to lose",
            back({ n1: { ready: false, pod: silent }, n2: {}, n3: {} }),
            first("pod-n2"),
        ],
        [
            "wait for this pod, and not for the NotReady node",
            back({ n1: { ready: false, pod: silent }, n2: { pod: returning }, n3: {} }),
            wait("1 of 2 pods are Ready (not Ready yet: pod-n2; NotReady: n1; yet to restart: 1)"),
        ],
        [
            "follow though the NotReady nodes alone miss as many pods as may be missing",
            back({
                n1: { ready: false, pod: { ...silent, terminating: true } },
                n2: { pod: returned },
                n3: {},
                n4: {},
            }),
            restart(`pod-n3 carries ${ROLE}`, "pod-n3"),
        ],
        [
            "are left to the DaemonSet controller where the template has changed, and it can go on",
            back(
                {
                    n1: { ready: false, pod: silent },
                    n2: { pod: returned },
                    n3: { pod: { ...working, current: false } },
                },
                { maxUnavailable: 2 },
            ),
            restart(`pod-n1 carries ${ROLE}`, "pod-n1"),
        ],
        [
            "are not left to it where the NotReady nodes keep it from going on",
            back(
                {
                    n1: { ready: false, pod: silent },
                    n2: { pod: returned },
                    n3: { pod: { ...working, current: false } },
                },
                { maxUnavailable: 1 },
            ),
            restart(`pod-n3 carries ${ROLE}`, "pod-n3"),
        ],
        [
            "follow though a node role has NotReady nodes alone",
            back({ n1: { role: "b", ready: false, pod: silent }, n2: { role: "a", pod: returned }, n3: { role: "a" } }),
            restart(`pod-n3 carries ${ROLE}`, "pod-n3"),
        ],
        [
            "come to the pods on NotReady nodes last",
            back({ n1: { ready: false, pod: silent }, n2: { pod: returned }, n3: { pod: returned } }),
            restart(`pod-n1 carries ${ROLE}`, "pod-n1"),
        ],
        [
            "come to one pod of a node role first there as well",
            back({
                n1: { role: "b", ready: false, pod: silent },
                n2: { role: "b", ready: false },
                n3: { role: "a", pod: returned },
            }),
            first("pod-n1"),
        ],
        [
            "end with a wait for the NotReady nodes",
            back({ n1: { ready: false, pod: { ...silent, terminating: true } }, n2: { pod: returned } }),
            wait("1 of 2 pods are Ready (no pod yet on n1; still terminating: pod-n1; NotReady: n1)"),
        ],
        [
            "go on without it when the NotReady node is Ready again",
            back({ n1: { pod: working }, n2: { pod: returned } }),
            restart(`pod-n1 carries ${ROLE}`, "pod-n1"),
        ],
    ];
    for (const [what, of, step, more, memory = propagated] of rows) {
        it(what, () => {
            deepStrictEqual(comparableStep(nextHandBackStep({ ...target, ...more }, of, memory)), step);
        });
    }
});

describe("On the way back, pods that do not work with their former credentials", () => {
    const late = { ...returning, createdAt: seconds(-300) };
    const limit: Partial<HandBackTarget> = { canarySeconds: 300 };
    const restarted = (...nodes: string[]) => ({
        ...released,
        restarts: Object.fromEntries(nodes.map((name) => [name, 1])),
    });
    const failed = (names: string, nodes: string) =>
        refuse(
            "former-credentials-fail",
            `${names} on ${nodes} restarted with the former credentials, and ${names.includes(",") ? "are" : "is"} not Ready.`,
        );
    const waiting = wait("1 of 2 pods are Ready (not Ready yet: pod-n1)");
    const one = (more: object, on: On = {}) =>
        back({ n1: { pod: { ...late, ...more }, ...on }, n2: { role: "b", pod: returned } });
    const rows: [string, World, object, Memory, Partial<HandBackTarget>?][] = [
        [
            "end the run, with their nodes and subnets",
            one({}, { subnet: "s1" }),
            failed("pod-n1", "n1 (s1)"),
            restarted("n1"),
        ],
        [
            "are named all",
            back({ n1: { pod: late }, n2: { pod: late }, n3: { pod: returned } }),
            failed("pod-n1, pod-n2", "n1, n2"),
            restarted("n1", "n2", "n3"),
        ],
        ["have their limit first", one({ createdAt: seconds(-299) }), waiting, restarted("n1")],
        ["have it again when they are no longer Ready", one({ unreadySince: seconds(-299) }), waiting, restarted("n1")],
        ["have the whole limit in this run", one({}), waiting, { ...restarted("n1"), startedAt: seconds(-299) }],
        ["have no limit without one", one({}), waiting, restarted("n1"), { canarySeconds: undefined }],
        ["are those alone that this run has restarted", one({}), waiting, restarted("n2")],
        [
            "are those of a run that was killed as well, as long as others work with the role",
            back({ n1: { pod: late }, n2: { pod: returned }, n3: {} }),
            failed("pod-n1", "n1"),
            released,
        ],
        [
            "are those that the DaemonSet's rolling update has restarted as well",
            back({ n1: { pod: returned }, n2: { pod: late }, n3: { pod: { ...working, current: false } } }),
            failed("pod-n2", "n2"),
            restarted("n1"),
        ],
        [
            "are those alone whose credentials are the cause",
            one({ startProblem: "Unschedulable" }),
            waiting,
            restarted("n1"),
        ],
        [
            "are not those on NotReady nodes",
            one({}, { ready: false }),
            wait("1 of 2 pods are Ready (not Ready yet: pod-n1; NotReady: n1)"),
            restarted("n1"),
        ],
    ];
    for (const [what, of, step, memory, more] of rows) {
        it(what, () => {
            deepStrictEqual(comparableStep(nextHandBackStep({ ...target, ...limit, ...more }, of, memory)), step);
        });
    }
});

describe("After a hand-back whose pods did not work with their former credentials, the run", () => {
    const annotated = { serviceAccount };
    const ANNOTATE = {
        do: "annotate",
        annotations: { [ROLE_ARN]: ROLE },
        force: true,
        why: "giving the service account the role's annotation again",
    };
    const DONE = { do: "done", why: "these pods carry the role again" };
    const rows: [string, World, object, Memory?][] = [
        ["gives the service account the role's annotation first", back({ n1: { pod: returning } }), ANNOTATE],
        [
            "restarts the pods that do not work, all at once",
            back({ n1: { pod: returning }, n2: { pod: returning }, n3: { pod: returned }, n4: {} }, annotated),
            restart("pod-n1 returns to the role; with it pod-n2", "pod-n1", "pod-n2"),
        ],
        [
            "leaves those alone that work, with the role or without it",
            back({ n1: { pod: returned }, n2: {} }, annotated),
            DONE,
        ],
        [
            "waits until they work with the role",
            back({ n1: { pod: { ...working, ...returning } }, n2: {} }, annotated),
            wait("1 of 2 pods are Ready (not Ready yet: pod-n1)"),
        ],
        [
            "waits until they are there",
            back({ n1: { pod: null }, n2: {} }, annotated),
            wait("1 of 2 pods are Ready (no pod yet on n1)"),
        ],
        ["leaves NotReady nodes alone", back({ n1: { ready: false, pod: returning }, n2: {} }, annotated), DONE],
        [
            "goes on without a service account",
            back({ n1: { pod: returning } }, { serviceAccount: undefined }),
            restart("pod-n1 returns to the role", "pod-n1"),
        ],
        [
            "gives a late webhook time",
            back({ n1: { pod: { ...returning, createdAt: seconds(-1) } } }, annotated),
            wait("pod-n1 returns to the role; restarting it again after a pause"),
            memoryWith({ restarts: { n1: 1 } }),
        ],
    ];
    for (const [what, of, step, memory = fresh] of rows) {
        it(what, () => {
            deepStrictEqual(comparableStep(nextReturnStep(target, of, memory)), step);
        });
    }
});

describe("What is left of a hand-back", () => {
    it("is the pods that carry a role that is to go, those that end included", () => {
        const of = back({
            n1: {},
            n2: { pod: { credentials: incomplete(ROLE) } },
            n3: { pod: { ...working, terminating: true } },
            n4: { pod: { credentials: carrying("older") } },
            n5: { pod: returned },
            n6: { pod: { credentials: carrying(FORMER_ROLE) } },
        });
        const approved = { ...record, approvedRoleArns: ["older", FORMER_ROLE, ROLE] };
        strictEqual(carriersLeft({ ...target, record: approved }, of), 5);
        strictEqual(
            carriersLeft({ ...target, record: approved, formerAnnotations: { [ROLE_ARN]: FORMER_ROLE } }, of),
            4,
        );
        strictEqual(carriersLeft(target, back({ n1: { pod: returned } })), 0);
    });
});
