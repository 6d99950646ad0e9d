import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { carriersLeft, HandBackTarget, nextHandBackStep, nextReturnStep } from "../../../../handover/decide/handBack";
import { withSeen } from "../../../../handover/decide/seen";
import type { Memory } from "../../../../handover/model/steps";
import type { ClusterSeen, PodSeen, World } from "../../../../handover/model/world";
import { propagated, refuse, released, target, unannotated, wait } from "../support/handBacks";
import { On, places, restart, working } from "../support/rollouts";
import { comparableStep, daemonSet, nodeRole, ROLE, serviceAccount, withoutPolicies } from "../support/worlds";

/** A pod that uses the node role again. */
const returned: Partial<PodSeen> = {};
const starts: Partial<PodSeen> = { ready: false, readySince: undefined };
/** A pod with the role on a node that does not answer. */
const silent: Partial<PodSeen> = { ...working, ...starts };
const back = (where: Readonly<Record<string, On>>, cluster: Partial<ClusterSeen> = {}) =>
    places(where, { serviceAccount: unannotated, ...cluster });
const leaving = (of: World, states: Readonly<Record<string, "shutting-down" | "terminated">>): World => {
    const ids = Object.keys(states).map((name) => `i-${name}`);
    const roleOfInstance = Object.fromEntries(
        Object.entries(of.account.roleOfInstance).filter(([id]) => !ids.includes(id)),
    );
    const leavingInstances = Object.fromEntries(Object.entries(states).map(([name, state]) => [`i-${name}`, state]));
    return { ...of, account: { ...of.account, roleOfInstance, leavingInstances } };
};
const one = skip(1);
function skip(maxNotReadyNodes: number): Partial<HandBackTarget> {
    return { maxNotReadyNodes };
}
const step = (of: World, more: Partial<HandBackTarget> = {}, memory: Memory = released) =>
    comparableStep(nextHandBackStep({ ...target, ...more }, of, memory));
const forced = (name: string) => ({
    do: "forceRestart",
    pod: `pod-${name}`,
    why: `${name} is NotReady: its kubelet stops the pod when the node is back`,
});
const done = (count: number) => ({
    do: "done",
    why: `${count === 1 ? "1 pod uses its" : `${String(count)} pods use their`} former credentials again; none carries the role`,
});
const lacking = (role: string) =>
    refuse(
        "node-role-without-permissions",
        `Nodes run with ${role}, which holds no policy that is sufficient for the CNI, and the record has none that can be attached.`,
    );
const carries = `pod-n2 carries ${ROLE}`;

describe("The hand-back beside nodes that join", () => {
    const first = back({ n1: { pod: returned }, n2: { pod: working } });
    const begun = (more: World = first) => withSeen(released, more);

    it("begins its next wave and ends, though their first pods are starting", () => {
        const n3: On = { pod: starts };
        deepStrictEqual(
            step(back({ n1: { pod: returned }, n2: { pod: working }, n3 }), {}, begun()),
            restart(carries, "pod-n2"),
        );
        deepStrictEqual(step(back({ n1: { pod: returned }, n2: { pod: returned }, n3 }), {}, begun()), done(2));
        const absent: On = { pod: null, ready: false };
        deepStrictEqual(step(back({ n1: { pod: returned }, n2: { pod: returned }, n3: absent }), {}, begun()), done(2));
    });

    it("restarts a pod of theirs that has got the role", () => {
        const late = back({ n1: { pod: returned }, n2: { pod: returned }, n3: { pod: working } });
        deepStrictEqual(step(late, {}, begun()), restart(`pod-n3 carries ${ROLE}`, "pod-n3"));
    });

    it("moves nothing if the role of one lacks the permissions: its first pod may be born without the role", () => {
        const { account, ...rest } = back({ n1: { pod: working }, n2: { role: "more", pod: null } });
        const nodeRoles = [nodeRole(), nodeRole({ name: "more", ...withoutPolicies })];
        const world = { ...rest, account: { ...account, nodeRoles } };
        deepStrictEqual(step(world, {}, begun(back({ n1: { pod: working } }))), lacking("more"));
    });

    it("waits for the nodes that it has seen from its beginning", () => {
        const world = back({ n1: { pod: returned }, n2: { pod: starts } });
        deepStrictEqual(step(world, {}, begun()), wait("1 of 2 pods are Ready (not Ready yet: pod-n2)"));
    });
});

describe("The hand-back beside nodes whose instance is terminated", () => {
    const two = { n1: { pod: returned }, n2: { pod: working } };

    it("passes over a terminated one, whatever its pod carries, and does not ask for its role", () => {
        const world = leaving(back(two), { n2: "terminated" });
        deepStrictEqual(step(world), done(1));
        strictEqual(carriersLeft(target, world), 0);
        deepStrictEqual(
            step(leaving(back({ n1: { pod: working }, n2: { pod: working } }), { n2: "terminated" }), {}, propagated),
            restart("pod-n1 restarts first", "pod-n1"),
        );
    });

    it("restarts nothing on one that is shutting down, and waits for its pod if that carries the role", () => {
        const world = leaving(back(two), { n2: "shutting-down" });
        deepStrictEqual(step(world), wait("these pods carry the role until they leave with their nodes: pod-n2"));
        strictEqual(carriersLeft(target, world), 1);
        const without = leaving(back({ n1: { pod: returned }, n2: { pod: starts } }), { n2: "shutting-down" });
        deepStrictEqual(step(without), done(1));
    });

    it("still asks for the role of a node whose instance EC2 does not show", () => {
        const { account, ...rest } = back({ n1: { pod: working }, n2: { pod: working } });
        const world = { ...rest, account: { ...account, roleOfInstance: { "i-n1": "nodes" } } };
        deepStrictEqual(step(world), refuse("node-role-unknown", "The roles of these nodes are unknown: n2."));
    });
});

describe("Giving pods the role again beside nodes that join", () => {
    it("does not wait for their first pods", () => {
        const annotated = { serviceAccount };
        const first = places({ n1: { pod: working } }, annotated);
        const joined = places({ n1: { pod: working }, n2: { pod: null } }, annotated);
        const returnStep = (memory: Memory) => comparableStep(nextReturnStep(target, joined, memory));
        deepStrictEqual(returnStep(withSeen(released, first)), { do: "done", why: "these pods carry the role again" });
        deepStrictEqual(returnStep(released), wait("1 of 2 pods are Ready (no pod yet on n2)"));
    });
});

describe("NotReady nodes that the hand-back may skip", () => {
    const n2: On = { ready: false, pod: silent };

    it("give their pods up at the API, after the pods on Ready nodes have restarted", () => {
        const first = back({ n1: { pod: returned }, n2, n3: { pod: working } });
        deepStrictEqual(step(first, one), restart(`pod-n3 carries ${ROLE}`, "pod-n3"));
        deepStrictEqual(step(back({ n1: { pod: returned }, n2 }), one), forced("n2"));
        const ending = { ...silent, terminating: true };
        deepStrictEqual(step(back({ n1: { pod: returned }, n2: { ready: false, pod: ending } }), one), forced("n2"));
    });

    it("hold nothing up once their pods do not carry the role", () => {
        deepStrictEqual(step(back({ n1: { pod: returned }, n2: { ready: false, pod: starts } }), one), done(1));
        deepStrictEqual(step(back({ n1: { pod: returned }, n2: { ready: false, pod: null } }), one), done(1));
    });

    it("may have an unknown role", () => {
        const { account, ...rest } = back({ n1: { pod: working }, n2 });
        const world = { ...rest, account: { ...account, roleOfInstance: { "i-n1": "nodes" } } };
        deepStrictEqual(step(world, one), restart("pod-n1 restarts first", "pod-n1"));
        deepStrictEqual(step(world), wait("NotReady nodes whose EC2 instance is missing or has no role: n2"));
    });

    it("are not skipped when there are more than that, or by default", () => {
        const world = back({ n1: { pod: returned }, n2: { ready: false, pod: { ...silent, terminating: true } } });
        const waiting = wait("1 of 2 pods are Ready (no pod yet on n2; still terminating: pod-n2; NotReady: n2)");
        deepStrictEqual(step(world), waiting);
        deepStrictEqual(step(world, skip(0)), waiting);
        const many = back({ n1: { pod: returned }, n2, n3: { ready: false, pod: silent } });
        deepStrictEqual(step(many, one), restart(`${carries}; with it pod-n3`, "pod-n2", "pod-n3"));
    });

    it("do not count while they are joining, or while their instance is terminated", () => {
        const first = withSeen(released, back({ n1: { pod: returned }, n2 }));
        const joining = back({ n1: { pod: returned }, n2, n3: { ready: false, pod: starts } });
        deepStrictEqual(step(joining, one, first), forced("n2"));
        const gone = leaving(back({ n1: { pod: returned }, n2, n3: { ready: false, pod: silent } }), {
            n3: "terminated",
        });
        deepStrictEqual(step(gone, one), forced("n2"));
    });

    it("must have a role that holds the permissions, if it is known: their kubelets start the next pods", () => {
        const { account, ...rest } = back({ n1: { pod: working }, n2: { ...n2, role: "more" } });
        const nodeRoles = [nodeRole(), nodeRole({ name: "more", ...withoutPolicies })];
        const world = { ...rest, account: { ...account, nodeRoles } };
        deepStrictEqual(step(world, one), lacking("more"));
    });

    it("do not keep the DaemonSet's rolling update from going on", () => {
        const world = back(
            { n1: { pod: returned }, n2, n3: { pod: { ...working, current: false } } },
            { daemonSet: { ...daemonSet, maxUnavailable: 2 } },
        );
        deepStrictEqual(step(world, one), forced("n2"));
    });
});
