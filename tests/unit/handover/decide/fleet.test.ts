import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { awaitFleet, Fleet, fleetOf, isLate, restartWrong } from "../../../../handover/decide/fleet";
import { listNames } from "../../../../handover/model/listNames";
import type { Memory } from "../../../../handover/model/steps";
import {
    carrying,
    fresh,
    node,
    NOW,
    onNodeRole,
    pod,
    pods,
    memoryWith,
    ROLE,
    seconds,
    starting,
    comparableStep,
    world,
} from "../support/worlds";

const isRight = ({ credentials }: ReturnType<typeof pod>) => credentials.kind === "webIdentity";

function fleet(...wrong: ReturnType<typeof pod>[]): Fleet {
    const { cluster } = world(carrying(ROLE), { cluster: { pods: pods(carrying(ROLE), ...wrong) } });
    return fleetOf(cluster, cluster.nodes, isRight);
}

function nextRestart(of: Fleet, memory: Memory = fresh, atMost?: number): object | undefined {
    const step = restartWrong(of, memory, NOW, ({ name }) => name, atMost);
    return step && comparableStep(step);
}

const restart = (first: string, ...others: string[]) => ({
    do: "restart",
    pods: [first, ...others],
    why: others.length === 0 ? first : `${first}; with it ${others.join(", ")}`,
});
const createdAgo = (age: number, more: object = {}) => ({ createdAt: seconds(-age), ...more });

describe("The wait for a fleet", () => {
    const nodesOf = (of: Partial<Fleet>) => {
        const { cluster } = world(carrying(ROLE));
        const step = awaitFleet({ ...fleet(), ...of }, cluster, fresh, NOW);
        return step?.do === "wait" ? step.readyOn : step;
    };

    it("is for the nodes without a pod, and those whose pods start or terminate, each once", () => {
        const nodesWithoutPod = [node("n1"), node("n2")];
        const of = { nodesWithoutPod, starting: [pod("n3", carrying(ROLE), starting)] };
        const terminating = [pod("n2", onNodeRole, { terminating: true }), pod("n4", onNodeRole)];
        deepStrictEqual(nodesOf({ ...of, terminating }), ["n1", "n2", "n3", "n4"]);
    });

    it("is for the same nodes between two waves", () => {
        const of = { ...fleet(pod("n1", onNodeRole), pod("n3", carrying(ROLE), starting)), budget: 0 };
        const step = restartWrong(of, fresh, NOW, ({ name }) => name);
        deepStrictEqual(step?.do === "wait" && step.readyOn, ["n3"]);
    });

    it("is none where all are there", () => {
        strictEqual(nodesOf({}), undefined);
    });
});

describe("The pod that is restarted next", () => {
    const rows: [string, Fleet, object | undefined, Memory?][] = [
        ["is none where none is wrong", fleet(), undefined],
        ["is the first that is wrong", fleet(pod("n2", onNodeRole), pod("n3", onNodeRole)), restart("pod-n2")],
        [
            "is one that is not Ready, which costs nothing",
            fleet(pod("n2", onNodeRole), pod("n3", onNodeRole, starting)),
            restart("pod-n3"),
        ],
        [
            "needs no pause when it is young and was not restarted",
            fleet(pod("n2", onNodeRole, createdAgo(0))),
            restart("pod-n2"),
        ],
        [
            "is one that needs no pause, before one that does",
            fleet(pod("n2", onNodeRole, createdAgo(1)), pod("n3", onNodeRole, createdAgo(2))),
            restart("pod-n3"),
            memoryWith({ restarts: { n2: 1, n3: 1 } }),
        ],
        [
            "is one that needs no pause, though the other is not Ready",
            { ...fleet(pod("n2", onNodeRole, createdAgo(1, starting)), pod("n3", onNodeRole)), budget: 1 },
            restart("pod-n3"),
            memoryWith({ restarts: { n2: 1 } }),
        ],
        [
            "is the first again where its pause is just over",
            fleet(pod("n2", onNodeRole, createdAgo(2)), pod("n3", onNodeRole, createdAgo(1))),
            restart("pod-n2"),
            memoryWith({ restarts: { n2: 1, n3: 1 } }),
        ],
        [
            "waits for the DaemonSet's limit",
            { ...fleet(pod("n1", onNodeRole), pod("n2", onNodeRole), pod("n3", carrying(ROLE), starting)), budget: 0 },
            { do: "wait", why: "2 pods to restart, 1 starting" },
        ],
    ];
    for (const [what, of, step, memory] of rows) {
        it(what, () => {
            deepStrictEqual(nextRestart(of, memory), step);
        });
    }

    it("is given up with the way to the webhook's logs", () => {
        const step = restartWrong(
            fleet(pod("n2", onNodeRole)),
            memoryWith({ restarts: { n2: 5 } }),
            NOW,
            () => "it fails",
        );
        strictEqual(
            step?.do === "refuse" && step.refusal.message,
            "[restart-limit] The pod on node n2 was restarted 5 times, and the problem remains: it fails. The pod identity webhook " +
                'does not reach the pods on this node, or does not know their service account. On EKS, look for "failed calling ' +
                'webhook" in the control plane logs (log type api). Elsewhere, read the logs of the webhook itself: kubectl get ' +
                "mutatingwebhookconfigurations shows its configuration. Fix the cause, then run the same command again. The node roles " +
                "hold their policies.",
        );
    });
});

describe("The pods that are restarted as one wave", () => {
    const three = [pod("n1", onNodeRole), pod("n2", onNodeRole), pod("n3", onNodeRole)];
    const rows: [string, Fleet, object | undefined, Memory?, number?][] = [
        ["are as many as may be missing", { ...fleet(...three), budget: 2 }, restart("pod-n1", "pod-n2")],
        ["are all if more may be missing", { ...fleet(...three), budget: 9 }, restart("pod-n1", "pod-n2", "pod-n3")],
        [
            "are fewer where a lower limit is given",
            { ...fleet(...three), budget: 9 },
            restart("pod-n1", "pod-n2"),
            fresh,
            2,
        ],
        ["are no more where a higher limit is given", { ...fleet(...three), budget: 1 }, restart("pod-n1"), fresh, 2],
        [
            "are none with a limit of none",
            { ...fleet(...three), budget: 9 },
            { do: "wait", why: "3 pods to restart, 0 starting" },
            fresh,
            0,
        ],
        [
            "are none where more are missing than may be",
            { ...fleet(...three), budget: -1 },
            { do: "wait", why: "3 pods to restart, 0 starting" },
        ],
        [
            "begin with those that are not Ready, which do not count",
            {
                ...fleet(pod("n1", onNodeRole), pod("n2", onNodeRole, starting), pod("n3", onNodeRole, starting)),
                budget: 1,
            },
            restart("pod-n2", "pod-n3", "pod-n1"),
        ],
        [
            "are those that are not Ready alone where no other may be missing",
            { ...fleet(pod("n1", onNodeRole), pod("n2", onNodeRole, starting)), budget: 0 },
            restart("pod-n2"),
        ],
        [
            "are without those that get a pause, and whose place another takes",
            { ...fleet(pod("n1", onNodeRole, createdAgo(1)), pod("n2", onNodeRole), pod("n3", onNodeRole)), budget: 2 },
            restart("pod-n2", "pod-n3"),
            memoryWith({ restarts: { n1: 1 } }),
        ],
        [
            "are without one that was restarted too often, as long as another comes before it",
            { ...fleet(pod("n1", onNodeRole, starting), pod("n2", onNodeRole)), budget: 2 },
            restart("pod-n1"),
            memoryWith({ restarts: { n2: 5 } }),
        ],
    ];
    for (const [what, of, step, memory, atMost] of rows) {
        it(what, () => {
            deepStrictEqual(nextRestart(of, memory, atMost), step);
        });
    }

    it("are named once, with the reason of the first", () => {
        const step = restartWrong({ ...fleet(...three), budget: 3 }, fresh, NOW, ({ name }) => `${name} is wrong`);
        strictEqual(step?.do === "restart" && step.why, "pod-n1 is wrong; with it pod-n2, pod-n3");
    });
});

describe("A pod is late", () => {
    const late = (createdAgoSeconds: number, startedAgo: number, more: object = starting) =>
        isLate(
            pod("n1", onNodeRole, createdAgo(createdAgoSeconds, more)),
            300,
            memoryWith({ startedAt: seconds(-startedAgo) }),
            NOW,
        );

    it("when its limit is over since it was created", () => {
        deepStrictEqual([late(299, 999), late(300, 999), late(301, 999)], [false, true, true]);
    });

    it("when its limit is over since the run began, if an earlier run left it", () => {
        deepStrictEqual([late(999, 299), late(999, 300)], [false, true]);
    });

    it("when its limit is over since it was last Ready", () => {
        const since = (ago: number) => late(999, 999, { ...starting, unreadySince: seconds(-ago) });
        deepStrictEqual([since(0), since(299), since(300)], [false, false, true]);
    });

    it("not before its limit is over since it was created, whatever the clock of its node says", () => {
        deepStrictEqual(late(299, 999, { ...starting, unreadySince: seconds(-999) }), false);
    });

    it("also if it is Ready for a moment between the crashes of a container", () => {
        const crashing = (restarts: number, startProblem: string | undefined) =>
            late(300, 999, { ...starting, unreadySince: seconds(-5), restarts, startProblem });
        const problem = "container aws-eks-nodeagent: CrashLoopBackOff";
        deepStrictEqual([crashing(3, problem), crashing(2, problem), crashing(3, undefined)], [true, false, false]);
    });

    it("never while it is Ready", () => {
        deepStrictEqual(late(999, 999, { readySince: seconds(0) }), false);
    });
});

describe("A fleet", () => {
    const budgetOf = (maxUnavailable: number | undefined, ...some: ReturnType<typeof pod>[]) => {
        const { cluster } = world(carrying(ROLE), { cluster: { pods: pods(carrying(ROLE), ...some) } });
        const daemonSet = cluster.daemonSet && maxUnavailable ? { ...cluster.daemonSet, maxUnavailable } : undefined;
        return fleetOf({ ...cluster, daemonSet }, cluster.nodes, isRight).budget;
    };

    it("may miss as many more pods as its DaemonSet says, less those that are missing", () => {
        strictEqual(budgetOf(3), 3);
        strictEqual(budgetOf(3, pod("n1", carrying(ROLE), starting)), 2);
        strictEqual(budgetOf(3, pod("n1", carrying(ROLE), { terminating: true })), 2);
    });

    it("may miss one where there is no DaemonSet", () => {
        strictEqual(budgetOf(undefined), 1);
    });
});

describe("A list of names", () => {
    const some = (count: number) => listNames([...Array(count).keys()].map((i) => ({ name: `n${String(i)}` })));

    it("has up to five of them", () => {
        strictEqual(some(5), "n0, n1, n2, n3, n4");
    });

    it("counts the rest", () => {
        strictEqual(some(7), "n0, n1, n2, n3, n4 and 2 more");
    });
});
