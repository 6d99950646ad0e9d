import * as assert from "assert";
import * as fc from "fast-check";
import { figuresOf } from "../../continuity/monitor/gaps";
import type { PodRecord, RecordedEvent } from "../../continuity/monitor/recording";
import type { RoleState } from "local-eks/iam";
import {
    ACCOUNT,
    agentDocument,
    associated,
    iam,
    nodeRole,
    pod,
    podIdentityTrust,
    recording,
    role,
    ROLE,
    withRole,
} from "./world";

const seen = (at: number, one: PodRecord): RecordedEvent => ({ at, kind: "pod", pod: one });
const gone = (at: number, uid: string): RecordedEvent => ({ at, kind: "podGone", uid });
const inForce = (at: number, state = iam([nodeRole(), role("cni")])): RecordedEvent => ({ at, kind: "iam", state });
const detached = iam([nodeRole({ attachedPolicyArns: [] }), role("cni")]);
const annotated = (at: number, roleArn: string | undefined): RecordedEvent => ({ at, kind: "serviceAccount", roleArn });

describe("the figures of a recording", () => {
    it("are zero while every pod has a path", () => {
        const figures = figuresOf(recording(10_000, inForce(0), seen(0, pod("a")), seen(0, pod("b", { node: "n2" }))));
        assert.deepStrictEqual(figures, {
            podSeconds: 0,
            outsiderPodSeconds: 0,
            longestRepairSeconds: 0,
            longestGapSeconds: 0,
            podsWithoutPath: 0,
            canaryPodSeconds: 0,
            nodeSeconds: 0,
            blindSeconds: 0,
            gaps: [],
            counted: [],
        });
    });

    it("count each pod from the moment at which a change comes into force until it has a path again", () => {
        const figures = figuresOf(
            recording(
                10_000,
                ...[inForce(0), inForce(2000, detached), inForce(5000)],
                ...[seen(0, pod("a")), seen(0, pod("b", { node: "n2" })), seen(0, withRole("c"))],
            ),
        );
        assert.strictEqual(figures.podSeconds, 6);
        assert.strictEqual(figures.longestGapSeconds, 3);
        assert.strictEqual(figures.podsWithoutPath, 2);
        assert.deepStrictEqual(
            figures.gaps.map(({ uid, from, to, node }) => [uid, from, to, node]),
            [
                ["a", 2000, 5000, "n1"],
                ["b", 2000, 5000, "n2"],
            ],
        );
    });

    it("count from the moment at which a service control policy denies the calls, until it is gone", () => {
        const statement = (Effect: string, Action: string) =>
            JSON.stringify({ Version: "2012-10-17", Statement: { Effect, Action, Resource: "*" } });
        const limited = (at: number, ...levels: string[][]): RecordedEvent => ({
            at,
            kind: "serviceControlPolicies",
            levels,
        });
        const denying = [statement("Allow", "*"), statement("Deny", "ec2:DescribeTags")];
        const figures = figuresOf(
            recording(10_000, inForce(0), seen(0, withRole("a")), limited(2000, denying), limited(5000)),
        );
        assert.deepStrictEqual(
            figures.gaps.map(({ uid, from, to }) => [uid, from, to]),
            [["a", 2000, 5000]],
        );
    });

    describe("with an outsider's write", () => {
        const outsider = { from: 1000, repairedFrom: 4000, limitSeconds: 3 };
        const withOutsider = (...events: RecordedEvent[]) =>
            figuresOf({ ...recording(20_000, ...events), outsiders: [outsider] });
        const parts = ({ podSeconds, outsiderPodSeconds, longestRepairSeconds }: ReturnType<typeof figuresOf>) => [
            podSeconds,
            outsiderPodSeconds,
            longestRepairSeconds,
        ];

        it("count its time apart, the repairing run's up to its limit included", () => {
            const states = [inForce(0), inForce(2000, detached), inForce(6000)];
            assert.deepStrictEqual(parts(withOutsider(...states, seen(0, pod("a")))), [0, 4, 2]);
        });

        it("count what lasts longer than the limit", () => {
            const states = [inForce(0), inForce(1000, detached), inForce(9000)];
            const figures = withOutsider(...states, seen(0, pod("a")));
            assert.deepStrictEqual(parts(figures), [2, 6, 5]);
            assert.deepStrictEqual(
                figures.counted.map(({ from, to }) => [from, to]),
                [[7000, 9000]],
            );
        });

        it("count a gap that begins before the write, or while the run repairs", () => {
            const early = [inForce(0), inForce(999, detached), inForce(1999)];
            assert.deepStrictEqual(parts(withOutsider(...early, seen(0, pod("a")))), [1, 0, 0]);
            const late = [inForce(0), inForce(4001, detached), inForce(5001)];
            assert.deepStrictEqual(parts(withOutsider(...late, seen(0, pod("a")))), [1, 0, 0]);
        });
    });

    it("tell two gaps of one pod apart, and count the pod once", () => {
        const states = [inForce(0), inForce(1000, detached), inForce(2000), inForce(3000, detached), inForce(5000)];
        const figures = figuresOf(recording(10_000, ...states, seen(0, pod("a"))));
        assert.strictEqual(figures.podSeconds, 3);
        assert.strictEqual(figures.longestGapSeconds, 2);
        assert.strictEqual(figures.podsWithoutPath, 1);
        assert.strictEqual(figures.gaps.length, 2);
    });

    it("count a pod only while it runs, a terminating one until it is gone", () => {
        const starting = pod("a", { running: false, ready: false });
        const events = [
            seen(0, starting),
            seen(3000, pod("a")),
            seen(5000, pod("a", { terminating: true })),
            gone(6000, "a"),
        ];
        assert.strictEqual(figuresOf(recording(10_000, inForce(0, detached), ...events)).podSeconds, 3);
    });

    it("begin and end with the recording, and know what was seen before it", () => {
        const events = [inForce(0, detached), seen(0, pod("a"))];
        const figures = figuresOf({ ...recording(10_000, ...events), from: 4000, to: 9000 });
        assert.strictEqual(figures.podSeconds, 5);
        assert.deepStrictEqual(
            figures.gaps.map(({ from, to }) => [from, to]),
            [[4000, 9000]],
        );
    });

    it("do not depend on the order in which events were written down", () => {
        const events = [inForce(2000, detached), seen(0, pod("a")), inForce(0), inForce(5000)];
        assert.strictEqual(figuresOf(recording(10_000, ...events)).podSeconds, 3);
    });

    it("know that the nodes are cut off from STS", () => {
        const events = [inForce(0), seen(0, withRole("a")), seen(0, pod("b", { node: "n2" }))];
        const cut: RecordedEvent[] = [
            { at: 1000, kind: "stsCutOff", nodes: "all" },
            { at: 3000, kind: "stsCutOff", nodes: "none" },
        ];
        assert.strictEqual(figuresOf(recording(10_000, ...events, ...cut)).podSeconds, 2);
    });

    describe("where STS is not open to all nodes", () => {
        const running = [inForce(0), seen(0, withRole("a")), seen(0, withRole("b", { node: "n2" }))];
        type Sts = Extract<RecordedEvent, { kind: "stsCutOff" | "stsBack" | "stsRefuses" }>;
        const cutOff = (at: number, nodes: Extract<Sts, { kind: "stsCutOff" }>["nodes"]): Sts => ({
            at,
            kind: "stsCutOff",
            nodes,
        });
        const back = (at: number, ...nodes: string[]): Sts => ({ at, kind: "stsBack", nodes });
        const refuses = (at: number, of: boolean): Sts => ({ at, kind: "stsRefuses", refuses: of });
        const gapsWith = (...events: Sts[]) =>
            figuresOf(recording(10_000, ...running, ...events)).gaps.map(({ uid, from, to }) => [uid, from, to]);

        it("count the pods of the nodes that cannot reach it, and no others", () => {
            assert.deepStrictEqual(gapsWith(cutOff(1000, ["n2"]), back(3000, "n2")), [["b", 1000, 3000]]);
        });

        it("do not count a pod of such a node that uses the node's role", () => {
            const events = [...running, seen(0, pod("c")), cutOff(1000, ["n1"]), back(3000, "n1")];
            const { gaps } = figuresOf(recording(10_000, ...events));
            assert.deepStrictEqual(
                gaps.map(({ uid, reason, hiddenBySession }) => [uid, reason, hiddenBySession]),
                [["a", "its node cannot reach STS", true]],
            );
        });

        it("know a node that is cut off later than another", () => {
            const events = [cutOff(1000, ["n1"]), cutOff(2000, ["n2"]), back(3000, "n1"), back(4000, "n2")];
            assert.deepStrictEqual(gapsWith(...events), [
                ["a", 1000, 3000],
                ["b", 2000, 4000],
            ]);
        });

        it("know a node that reaches it again before the others", () => {
            const events = [cutOff(1000, "all"), back(2000, "n1"), cutOff(3000, "none")];
            assert.deepStrictEqual(gapsWith(...events), [
                ["a", 1000, 2000],
                ["b", 1000, 3000],
            ]);
        });

        it("forget the nodes that were cut off one by one, once all reach it", () => {
            assert.deepStrictEqual(gapsWith(cutOff(1000, ["n1"]), cutOff(2000, "none")), [["a", 1000, 2000]]);
        });

        it("know that a node stays cut off when STS ends to refuse all", () => {
            const events = [cutOff(1000, ["n1"]), refuses(2000, true), refuses(3000, false), back(4000, "n1")];
            assert.deepStrictEqual(gapsWith(...events), [
                ["b", 2000, 3000],
                ["a", 1000, 4000],
            ]);
        });
    });

    it("count Ready nodes without a Ready pod that stays", () => {
        const events: RecordedEvent[] = [
            inForce(0),
            seen(0, pod("a")),
            seen(0, pod("b", { node: "n2" })),
            seen(1000, pod("a", { terminating: true })),
            gone(2000, "a"),
            seen(2500, pod("c", { ready: false })),
            seen(4000, pod("c")),
            { at: 5000, kind: "node", node: { name: "n2", ready: false, instanceId: "i-2" } },
            seen(5000, pod("b", { node: "n2", ready: false })),
            { at: 7000, kind: "nodeGone", name: "n2" },
        ];
        assert.strictEqual(figuresOf(recording(10_000, ...events)).nodeSeconds, 3);
    });

    it("go on by the instance of a node that is gone, until its pod is", () => {
        const lost: RecordedEvent = { at: 1000, kind: "nodeGone", name: "n2" };
        const events = [seen(0, pod("b", { node: "n2" })), lost, inForce(2000, detached), gone(5000, "b")];
        const { gaps } = figuresOf(recording(10_000, inForce(0), ...events));
        assert.deepStrictEqual(
            gaps.map(({ from, to }) => [from, to]),
            [[2000, 5000]],
        );
    });

    it("tell for how long nothing could be seen", () => {
        const blind: RecordedEvent[] = [
            { at: 1000, kind: "sight", blind: true },
            { at: 1500, kind: "sight", blind: false },
        ];
        assert.strictEqual(figuresOf(recording(10_000, inForce(0), ...blind)).blindSeconds, 0.5);
    });
});

describe("a canary", () => {
    const untrusted = iam([nodeRole()]);
    const before = [inForce(0, untrusted), seen(0, pod("a")), seen(0, pod("b", { node: "n2" }))];
    const created = (at: number, uid: string, node = "n1") => seen(at, withRole(uid, { node, ready: false }));

    it("is the first pod that is born with the new role, and is counted apart", () => {
        const events = [
            annotated(1000, ROLE),
            gone(1000, "a"),
            created(2000, "c"),
            gone(5000, "c"),
            annotated(5000, undefined),
        ];
        const figures = figuresOf(recording(10_000, ...before, ...events));
        assert.strictEqual(figures.canaryPodSeconds, 3);
        assert.strictEqual(figures.podSeconds, 0);
        assert.strictEqual(figures.podsWithoutPath, 0);
    });

    it("is one for each node role: another pod is a gap", () => {
        const events = [
            annotated(1000, ROLE),
            gone(1000, "a"),
            created(2000, "c"),
            gone(2500, "b"),
            created(3000, "d", "n2"),
        ];
        const figures = figuresOf(recording(10_000, ...before, ...events));
        assert.strictEqual(figures.canaryPodSeconds, 8);
        assert.strictEqual(figures.podSeconds, 7);
    });

    it("may be on each of the node roles", () => {
        const other: RecordedEvent = { at: 0, kind: "instance", id: "i-2", profile: "others" };
        const others = iam([nodeRole(), role("other", { instanceProfileNames: ["others"] })]);
        const events = [
            annotated(1000, ROLE),
            gone(1000, "a"),
            created(2000, "c"),
            gone(2500, "b"),
            created(3000, "d", "n2"),
        ];
        const figures = figuresOf(recording(10_000, ...before, inForce(0, others), other, ...events));
        assert.strictEqual(figures.canaryPodSeconds, 15);
        assert.strictEqual(figures.podSeconds, 0);
    });

    it("may be tried again once the first is gone", () => {
        const events = [
            annotated(1000, ROLE),
            gone(1000, "a"),
            created(2000, "c"),
            gone(3000, "c"),
            created(4000, "d"),
        ];
        const figures = figuresOf(recording(5000, ...before, ...events));
        assert.deepStrictEqual([figures.canaryPodSeconds, figures.podSeconds], [2, 0]);
    });

    it("counts on in the pod that replaces it, if that gets such credentials once more", () => {
        const failed = [
            annotated(1000, ROLE),
            gone(1000, "a"),
            created(2000, "c"),
            annotated(3000, undefined),
            gone(3000, "c"),
        ];
        const next = (...events: RecordedEvent[]) => {
            const { canaryPodSeconds, podSeconds } = figuresOf(recording(6000, ...before, ...failed, ...events));
            return [canaryPodSeconds, podSeconds];
        };
        assert.deepStrictEqual(next(created(3500, "d")), [3.5, 0]);
        assert.deepStrictEqual(next(created(3500, "d"), gone(4000, "d"), created(4500, "e")), [3, 0]);
        assert.deepStrictEqual(next(created(3500, "d", "n2")), [1, 2.5], "it is on another node");
        const onNodeRole = seen(3500, pod("d"));
        assert.deepStrictEqual(
            next(
                inForce(3000, iam([nodeRole({ attachedPolicyArns: [] })])),
                onNodeRole,
                gone(4000, "d"),
                created(4500, "e"),
            ),
            [1, 5],
            "a pod with other credentials has come between: it, b and e have gaps",
        );
    });

    it("is not what is born once a pod has worked with the role in this place", () => {
        const works = [annotated(1000, ROLE), gone(1200, "a"), seen(1500, withRole("w", { ready: true }))];
        const events = [...works, gone(1600, "b"), created(2000, "c", "n2")];
        const { gaps } = figuresOf(recording(5000, ...before, ...events));
        assert.deepStrictEqual(
            gaps.map(({ uid, canary }) => [uid, canary]),
            [
                ["w", false],
                ["c", false],
            ],
        );
    });

    it("is judged by its node, which a pod shows only once it is scheduled", () => {
        const works = [annotated(1000, ROLE), gone(1200, "a"), seen(1500, withRole("w", { ready: true }))];
        const pending = seen(2000, withRole("c", { node: "", running: false, ready: false }));
        const events = [...works, gone(1600, "b"), pending, created(2500, "c", "n2")];
        const figures = figuresOf(recording(5000, ...before, ...events));
        assert.ok(!figures.gaps.some(({ canary }) => canary));
    });

    it("may be in another subnet, or behind other security groups, although the role works elsewhere", () => {
        const network = (id: string, of: string): RecordedEvent => ({
            at: 0,
            kind: "instance",
            id,
            profile: "nodes",
            network: of,
        });
        const cut: RecordedEvent = { at: 0, kind: "stsCutOff", nodes: ["n2"] };
        const works = [inForce(0), annotated(1000, ROLE), gone(1200, "a"), seen(1500, withRole("w", { ready: true }))];
        const events = [...works, gone(1600, "b"), created(2000, "c", "n2")];
        const networks = [network("i-1", "subnet-a sg-1"), network("i-2", "subnet-a sg-2"), cut];
        const figures = figuresOf(recording(5000, ...before.slice(1), ...networks, ...events));
        assert.deepStrictEqual([figures.canaryPodSeconds, figures.podSeconds], [3, 0]);
    });

    it("is tried again after another annotation", () => {
        const works = [annotated(1000, ROLE), gone(1200, "a"), seen(1500, withRole("w", { ready: true }))];
        const again = [annotated(1600, undefined), annotated(1700, ROLE)];
        const c = created(2000, "c", "n2");
        const canaries = (...events: RecordedEvent[]) =>
            figuresOf(recording(5000, ...before, ...works, ...events, c)).gaps.flatMap(({ uid, canary }) =>
                canary ? [uid] : [],
            );
        assert.deepStrictEqual(canaries(gone(1550, "w"), ...again), ["c"]);
        assert.deepStrictEqual(canaries(...again), [], "a pod still works with the role");
    });

    it("is not what carries another role than the service account names", () => {
        const events = [annotated(1000, `${ROLE}-2`), gone(1600, "a"), created(2000, "c")];
        const figures = figuresOf(recording(5000, ...before, ...events));
        assert.deepStrictEqual([figures.canaryPodSeconds, figures.podSeconds], [0, 3]);
    });

    it("is not a pod that has worked, and loses its path later", () => {
        const works = [created(2000, "c"), seen(2500, withRole("c"))];
        const lost = inForce(3000, iam([nodeRole()]));
        const { gaps } = figuresOf(recording(5000, inForce(0), annotated(1000, ROLE), ...works, lost));
        assert.deepStrictEqual(
            gaps.map(({ uid, from, canary }) => [uid, from, canary]),
            [["c", 3000, false]],
        );
    });

    it("is not a pod that was there before the annotation", () => {
        const events = [created(500, "c"), annotated(1000, ROLE)];
        const figures = figuresOf(recording(5000, ...before, ...events));
        assert.deepStrictEqual([figures.canaryPodSeconds, figures.podSeconds], [0, 4.5]);
    });
});

describe("a pod with the credentials of Pod Identity", () => {
    const OTHER = `arn:aws:iam::${ACCOUNT}:role/other`;
    const trusting = (name: string, more: Partial<RoleState> = {}) =>
        role(name, { trustPolicy: podIdentityTrust(), ...more });
    const nodes = nodeRole({ attachedPolicyArns: [], inlinePolicies: { agent: agentDocument } });
    const account = inForce(0, iam([nodes, trusting("cni"), trusting("other")]));
    const carrier = (uid: string, node: string, more: Partial<PodRecord> = {}) =>
        pod(uid, { node, containerCredentials: true, ...more });
    const agent = (at: number, node: string, serving = true): RecordedEvent => ({
        at,
        kind: "agent",
        agent: { uid: `agent-${node}`, node, serving },
    });
    const seenBy = (at: number, part: string, roleArn: string | undefined): RecordedEvent => ({
        at,
        kind: "association",
        seenBy: part,
        association: roleArn === undefined ? undefined : { ...associated, roleArn },
    });
    const everywhere = (at: number, roleArn: string | undefined) =>
        ["eks", "eksAuth 1", "eksAuth 2"].map((part) => seenBy(at, part, roleArn));
    const got = (at: number, uid: string, roleArn = ROLE): RecordedEvent => ({ at, kind: "credentials", uid, roleArn });
    const works = [
        account,
        ...everywhere(0, ROLE),
        ...["n1", "n2"].flatMap((node) => [agent(0, node), got(0, node), seen(0, carrier(node, node))]),
    ];
    const gapsOf = (...events: RecordedEvent[]) =>
        figuresOf(recording(10_000, ...works, ...events)).gaps.map(({ uid, from, to, canary }) =>
            canary ? [uid, from, to, "canary"] : [uid, from, to],
        );

    it("has no gap while agent, association and role are there", () => {
        assert.deepStrictEqual(gapsOf(), []);
    });

    it("has a gap while the agent of its node is away", () => {
        const back: RecordedEvent = { at: 6000, kind: "agent", agent: { uid: "new", node: "n1", serving: true } };
        assert.deepStrictEqual(gapsOf(agent(2000, "n1", false), back), [["n1", 2000, 6000]]);
        assert.deepStrictEqual(gapsOf({ at: 2000, kind: "agentGone", uid: "agent-n2" }), [["n2", 2000, 10_000]]);
    });

    it("has a gap from the moment at which a server of EKS Auth sees that another party has deleted the association", () => {
        const events = [seenBy(2000, "eks", undefined), seenBy(3000, "eksAuth 2", undefined)];
        assert.deepStrictEqual(gapsOf(...events), [
            ["n1", 3000, 10_000],
            ["n2", 3000, 10_000],
        ]);
    });

    it("has a gap while its node does not reach EKS Auth", () => {
        const cutOff: RecordedEvent[] = [
            { at: 1000, kind: "eksAuthCutOff", nodes: ["n1"] },
            { at: 3000, kind: "eksAuthBack", nodes: ["n1"] },
            { at: 5000, kind: "eksAuthCutOff", nodes: "all" },
            { at: 6000, kind: "eksAuthCutOff", nodes: "none" },
        ];
        assert.deepStrictEqual(gapsOf(...cutOff), [
            ["n1", 1000, 3000],
            ["n1", 5000, 6000],
            ["n2", 5000, 6000],
        ]);
    });

    it("keeps the role of its session when the association gets another one, and has a gap when the former role goes", () => {
        const without = inForce(4000, iam([nodes, trusting("other")]));
        const moved = [...everywhere(2000, OTHER), got(3000, "n2", OTHER), without];
        assert.deepStrictEqual(gapsOf(...moved), [["n1", 4000, 10_000]]);
    });

    it("has a gap while a server of EKS Auth still answers a role that is gone", () => {
        const late = [seenBy(2000, "eks", OTHER), seenBy(2000, "eksAuth 1", OTHER), seenBy(5000, "eksAuth 2", OTHER)];
        const moved = [...late, got(2500, "n1", OTHER), got(2500, "n2", OTHER)];
        assert.deepStrictEqual(gapsOf(...moved, inForce(4000, iam([nodes, trusting("other")]))), [
            ["n1", 4000, 5000],
            ["n2", 4000, 5000],
        ]);
    });

    it("is a canary if it is the first in its place after the association, and not after one that worked", () => {
        const bad = inForce(1000, iam([nodes, trusting("cni"), trusting("other", { attachedPolicyArns: [] })]));
        const first = [...everywhere(2000, OTHER), gone(3000, "n1"), seen(3000, carrier("c", "n1"))];
        const ofC = (...events: RecordedEvent[]) => gapsOf(bad, ...first, ...events).filter(([uid]) => uid === "c");
        assert.deepStrictEqual(ofC(), [["c", 3000, 10_000, "canary"]]);
        // A pod that holds credentials of the new role has worked with it.
        const worked = [got(2500, "n2", OTHER), seen(2600, carrier("n2", "n2"))];
        assert.deepStrictEqual(ofC(...worked), [["c", 3000, 10_000]]);
    });

    describe("on a node that joins", () => {
        const node = (at: number, ready: boolean): RecordedEvent => ({
            at,
            kind: "node",
            node: { name: "n3", ready, instanceId: "i-1" },
        });
        const starts = (more: Partial<PodRecord> = {}) => [node(1000, false), seen(2000, carrier("n3", "n3", more))];
        const figures = (...events: RecordedEvent[]) => {
            const { gaps, podSeconds, counted } = figuresOf(recording(10_000, ...works, ...events));
            assert.strictEqual(
                podSeconds,
                counted.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0),
            );
            return gaps.map(({ from, to, joining }) => [from, to, joining]);
        };
        const counted = (...events: RecordedEvent[]) => figuresOf(recording(10_000, ...works, ...events)).podSeconds;

        it("waits for the first agent there, which is shown, and not counted", () => {
            const events = [...starts(), agent(5000, "n3"), node(6000, true)];
            assert.deepStrictEqual(figures(...events), [[2000, 5000, true]]);
            assert.strictEqual(counted(...events), 0);
        });

        it("has a gap if that agent goes away again before the node is Ready", () => {
            const events = [...starts(), agent(5000, "n3"), agent(6000, "n3", false)];
            assert.deepStrictEqual(figures(...events), [
                [2000, 5000, true],
                [6000, 10_000, false],
            ]);
            assert.strictEqual(counted(...events), 4);
        });

        it("has a gap once the node is Ready, although no agent has answered", () => {
            assert.deepStrictEqual(figures(...starts(), node(4000, true), node(5000, false)), [
                [2000, 4000, true],
                [4000, 10_000, false],
            ]);
        });

        it("has a gap for its role once the agent answers", () => {
            const without = inForce(1500, iam([nodes, trusting("cni", { attachedPolicyArns: [] })]));
            const ofN3 = figuresOf(recording(10_000, ...works, without, ...starts(), agent(5000, "n3"))).gaps.filter(
                ({ uid }) => uid === "n3",
            );
            assert.deepStrictEqual(
                ofN3.map(({ from, to, joining }) => [from, to, joining]),
                [
                    [2000, 5000, true],
                    [5000, 10_000, false],
                ],
            );
        });

        it("counts a pod with a token file as ever", () => {
            assert.deepStrictEqual(figures(...starts({ tokenFile: true })), [[2000, 10_000, false]]);
        });

        it("takes a node that joins under the name of one that has left for a new one", () => {
            const former = [
                node(100, false),
                agent(200, "n3"),
                node(300, true),
                { at: 400, kind: "agentGone", uid: "agent-n3" } as const,
            ];
            const left: RecordedEvent = { at: 500, kind: "nodeGone", name: "n3" };
            assert.deepStrictEqual(figures(...former, left, ...starts(), agent(5000, "n3")), [[2000, 5000, true]]);
            assert.deepStrictEqual(figures(...former, seen(450, carrier("n3", "n3")), left), [[450, 10_000, false]]);
        });
    });

    it("has a gap of two parts when the next session is missing first, and then the role of its own", () => {
        const events = [agent(2000, "n1", false), inForce(4000, iam([nodes]))];
        const { gaps, podSeconds } = figuresOf(recording(10_000, ...works, ...events));
        assert.deepStrictEqual(
            gaps.filter(({ uid }) => uid === "n1").map(({ from, to, hiddenBySession }) => [from, to, hiddenBySession]),
            [
                [2000, 4000, true],
                [4000, 10_000, false],
            ],
        );
        assert.strictEqual(podSeconds, 14);
    });
});

/** Computes `podSeconds` independently, by sampling every tenth of a second. */
function sampledPodSeconds(events: readonly RecordedEvent[], to: number): number {
    let hits = 0;
    for (let at = 0; at < to; at += 100) {
        const known = events.filter((event) => event.at <= at);
        const state = known.flatMap((event) => (event.kind === "iam" ? [event.state] : [])).at(-1);
        const granted = (state?.roles["nodes"]?.attachedPolicyArns.length ?? 0) > 0;
        const pods = new Map<string, PodRecord>();
        known.forEach((event) => {
            if (event.kind === "pod") {
                pods.set(event.pod.uid, event.pod);
            } else if (event.kind === "podGone") {
                pods.delete(event.uid);
            }
        });
        hits += granted ? 0 : [...pods.values()].filter(({ running }) => running).length;
    }
    return hits / 10;
}

describe("the figures of any recording", () => {
    const time = fc.integer({ min: 0, max: 49 }).map((tenths) => tenths * 100);
    const event = fc.oneof(
        fc
            .record({ at: time, granted: fc.boolean() })
            .map(({ at, granted }) => inForce(at, granted ? undefined : detached)),
        fc
            .record({ at: time, uid: fc.constantFrom("a", "b", "c"), running: fc.boolean() })
            .map(({ at, uid, running }) => seen(at, pod(uid, { running }))),
        fc.record({ at: time, uid: fc.constantFrom("a", "b", "c") }).map(({ at, uid }) => gone(at, uid)),
    );

    it("are those that looking at every moment gives", () => {
        fc.assert(
            fc.property(fc.array(event, { maxLength: 20 }), (events) => {
                const sorted = [inForce(0), ...events].sort((a, b) => a.at - b.at);
                const { podSeconds, gaps } = figuresOf(recording(5000, ...sorted));
                assert.ok(Math.abs(podSeconds - sampledPodSeconds(sorted, 5000)) < 1e-6);
                assert.ok(gaps.every(({ from, to }) => from < to && from >= 0 && to <= 5000));
            }),
        );
    });

    it("add up when the time is cut in two", () => {
        fc.assert(
            fc.property(fc.array(event, { maxLength: 20 }), time, (events, cut) => {
                fc.pre(cut > 0);
                const whole = recording(5000, inForce(0), ...events);
                const [first, second] = [figuresOf({ ...whole, to: cut }), figuresOf({ ...whole, from: cut })];
                assert.ok(Math.abs(figuresOf(whole).podSeconds - first.podSeconds - second.podSeconds) < 1e-6);
                assert.ok(Math.abs(figuresOf(whole).nodeSeconds - first.nodeSeconds - second.nodeSeconds) < 1e-6);
            }),
        );
    });
});
