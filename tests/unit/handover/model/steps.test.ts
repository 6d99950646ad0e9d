import { deepStrictEqual } from "node:assert/strict";
import { freshMemory, Memory, remember, rememberFailed, Step } from "../../../../handover/model/steps";
import { attach, carrying, pod, ROLE } from "../support/worlds";

/** Every field is set. */
const before: Memory = {
    startedAt: 1,
    attachedAt: 2,
    attached: attach("nodes"),
    gone: attach("old"),
    detachedAt: 3,
    propagatedAt: 4,
    releasedAt: 5,
    wokenAt: 6,
    restarts: { n1: 1, n2: 3 },
    restores: 1,
};

const on = (node: string) => pod(node, carrying(ROLE));
const restarted = (...nodes: string[]) => new Set(nodes.map((node) => on(node).uid));
const why = "";

describe("What a run remembers", () => {
    it("is when it began, and nothing else at first", () => {
        deepStrictEqual(freshMemory(7), {
            startedAt: 7,
            attachedAt: undefined,
            attached: [],
            gone: [],
            detachedAt: undefined,
            propagatedAt: undefined,
            releasedAt: undefined,
            wokenAt: undefined,
            restarts: {},
            restores: 0,
        });
    });

    const rows: [string, Step, Partial<Memory>][] = [
        [
            "of an attachment is what and when, that it has not settled, and how many there were",
            { do: "attach", policies: attach("more"), why },
            { attachedAt: 9, attached: attach("more"), propagatedAt: undefined, restores: 2 },
        ],
        [
            "of a detachment is when, and that nothing is attached that was asked for",
            { do: "detach", policies: attach("nodes"), why },
            { detachedAt: 9, attached: [] },
        ],
        ["of settling is when", { do: "awaitPropagation", milliseconds: 1, why }, { propagatedAt: 9 }],
        [
            "of giving the annotation up is when, and that it was once",
            { do: "releaseServiceAccount", leaving: {}, why },
            { releasedAt: 9, releases: 1 },
        ],
        ["of waking the DaemonSet is when", { do: "wake", why }, { wokenAt: 9 }],
        [
            "of a restart is one more of its node",
            { do: "restart", pods: [on("n2")], why },
            { restarts: { n1: 1, n2: 4 }, restarted: restarted("n2") },
        ],
        [
            "of a first restart is one of its node",
            { do: "restart", pods: [on("n3")], why },
            { restarts: { n1: 1, n2: 3, n3: 1 }, restarted: restarted("n3") },
        ],
        [
            "of a restart of several pods is one more of each node",
            { do: "restart", pods: [on("n2"), on("n3"), on("n1")], why },
            { restarts: { n1: 2, n2: 4, n3: 1 }, restarted: restarted("n2", "n3", "n1") },
        ],
        ["of a restart of no pod is nothing", { do: "restart", pods: [], why }, {}],
        [
            "of a restart by force is one more as well",
            { do: "forceRestart", pod: on("n1"), why },
            { restarts: { n1: 2, n2: 3 }, restarted: restarted("n1") },
        ],
        ["of a wait is nothing", { do: "wait", why }, {}],
        ["of another write is nothing", { do: "annotate", annotations: {}, why }, {}],
    ];
    for (const [what, step, change] of rows) {
        it(what, () => {
            deepStrictEqual(remember(before, step, 9), { ...before, ...change });
        });
    }

    it("of a restart without an answer is the same, since it may have taken place", () => {
        for (const step of [
            { do: "restart", pods: [on("n2")], why },
            { do: "forceRestart", pod: on("n2"), why },
        ] satisfies Step[]) {
            deepStrictEqual(rememberFailed(before, step, 9), remember(before, step, 9));
        }
    });

    it("of a second restart of the same pod is nothing, and of its next pod is one more", () => {
        const restart = (pods: Extract<Step, { do: "restart" }>["pods"]) => ({ do: "restart", pods, why }) as const;
        const once = rememberFailed(before, restart([on("n2")]), 9);
        deepStrictEqual(remember(once, restart([on("n2")]), 10), once);
        const next = { ...on("n2"), uid: "next" };
        deepStrictEqual(remember(once, restart([on("n2"), next]), 10).restarts, { n1: 1, n2: 5 });
    });

    it("of another act without an answer is nothing", () => {
        deepStrictEqual(rememberFailed(before, { do: "wake", why }, 9), before);
    });

    it("of giving the annotation up again is that it was once more", () => {
        const release: Step = { do: "releaseServiceAccount", leaving: {}, why };
        deepStrictEqual(remember(remember(before, release, 9), release, 10).releases, 2);
    });

    it("of an update of the add-on is how it has ended, and nothing if EKS was busy", () => {
        const update = { clusterName: "prod", roleArn: ROLE, configurationValues: undefined, clientRequestToken: "t" };
        const step: Step = { do: "updateAddOn", update, limitSeconds: 60, why };
        const addOnUpdate = { roleArn: ROLE, at: 9, isSuccessful: true, why: "it is Successful" };
        deepStrictEqual(remember(before, step, 9, { addOnUpdate }), { ...before, addOnUpdate });
        deepStrictEqual(remember(before, step, 9, { addOnUpdate: undefined }), before);
        deepStrictEqual(rememberFailed(before, step, 9), before);
    });

    it("is never changed in place", () => {
        const kept = structuredClone(before);
        remember(before, { do: "restart", pods: [on("n1"), on("n3")], why }, 9);
        deepStrictEqual(before, kept);
    });

    it("of an attachment is what no longer exists, besides what was gone before", () => {
        const step: Step = { do: "attach", policies: attach("more", "nodes"), why };
        deepStrictEqual(remember(before, step, 9, { gone: attach("more") }).gone, attach("old", "more"));
    });
});
