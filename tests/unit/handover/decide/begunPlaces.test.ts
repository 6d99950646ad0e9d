import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { begunAmong, begunFirst, isLeftBroken } from "../../../../handover/decide/begunPlaces";
import type { Place } from "../../../../handover/decide/places";
import type { PodSeen } from "../../../../handover/model/world";
import {
    carrying,
    FORMER_ROLE,
    fresh,
    memoryWith,
    node,
    onNodeRole,
    pod,
    record,
    ROLE,
    starting,
    subject,
    terminating,
    world,
} from "../support/worlds";

/** Two places of two nodes each. */
const a: Place = { key: "a", roleName: "nodes", subnetId: "a", nodes: [node("n1"), node("n2")] };
const b: Place = { key: "b", roleName: "nodes", subnetId: "b", nodes: [node("n3"), node("n4")] };
const c: Place = { key: "c", roleName: "nodes", subnetId: "c", nodes: [node("n5")] };
const target = { subject, record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] } };
const all = [...a.nodes, ...b.nodes, ...c.nodes];
const seen = (...changed: PodSeen[]) =>
    world(onNodeRole, {
        cluster: {
            nodes: all,
            pods: [
                ...all
                    .filter(({ name }) => !changed.some((other) => other.node === name))
                    .map(({ name }) => pod(name, onNodeRole)),
                ...changed,
            ],
        },
    });
const keys = (places: readonly Place[]) => places.map(({ key }) => key).join();
const right = carrying(ROLE);
const broken = carrying(FORMER_ROLE);

describe("The order of the places of canaries", () => {
    const rows: [string, PodSeen[], Record<string, number>, string][] = [
        ["stays as it is where nothing has begun", [], {}, "a,b,c"],
        ["begins with one in which a pod has the role", [pod("n4", right)], {}, "b,a,c"],
        ["begins with one in which this run has restarted a pod", [], { n4: 1 }, "b,a,c"],
        ["does not count a pod that ends", [pod("n4", right, terminating)], {}, "a,b,c"],
        ["goes on with one in which an earlier run has left a broken pod", [pod("n4", broken, starting)], {}, "b,a,c"],
        [
            "puts one in which a pod has the role before that one",
            [pod("n4", broken, starting), pod("n5", right)],
            {},
            "c,b,a",
        ],
        ["does not count a pod that works with a former role", [pod("n4", broken)], {}, "a,b,c"],
        ["does not count a broken pod that ends", [pod("n4", broken, { ...starting, ...terminating })], {}, "a,b,c"],
    ];
    for (const [what, pods, restarts, expected] of rows) {
        it(what, () => {
            strictEqual(keys(begunFirst([a, b, c], target, seen(...pods), memoryWith({ restarts }))), expected);
        });
    }

    it("does not count a broken pod on a NotReady node, on which no canary can begin", () => {
        const away: Place = { ...b, nodes: [node("n3"), node("n4", { ready: false })] };
        strictEqual(keys(begunFirst([a, away, c], target, seen(pod("n4", broken, starting)), fresh)), "a,b,c");
    });

    describe("where this run has restarted a pod, and the node is NotReady by now", () => {
        const away: Place = { ...b, nodes: [node("n3"), node("n4", { ready: false })] };
        const restarted = memoryWith({ restarts: { n4: 1 } });

        it("goes on with the place in which a pod has the role meanwhile", () => {
            strictEqual(keys(begunFirst([a, away, c], target, seen(pod("n5", right, starting)), restarted)), "c,b,a");
        });

        it("stays with the place if no pod has the role", () => {
            strictEqual(keys(begunFirst([a, away, c], target, seen(), restarted)), "b,a,c");
        });
    });

    it("does not change the list that it gets", () => {
        const places = [a, b];
        begunFirst(places, target, seen(pod("n4", right)), fresh);
        deepStrictEqual(places, [a, b]);
    });
});

describe("A canary has begun in a place", () => {
    const rows: [string, PodSeen[], Record<string, number>, string][] = [
        ["not before a pod restarts there", [], {}, ""],
        ["if this run has restarted a pod there", [], { n2: 1 }, "a"],
        ["if a killed run has left a pod with the role there that is not Ready", [pod("n4", right, starting)], {}, "b"],
        ["not if a Ready pod has the role there: it works, and no canary is needed", [pod("n4", right)], {}, ""],
        ["not if a pod is not Ready with other credentials", [pod("n4", onNodeRole, starting)], {}, ""],
    ];
    for (const [what, pods, restarts, expected] of rows) {
        it(what, () => {
            strictEqual(keys(begunAmong([a, b, c], target, seen(...pods), memoryWith({ restarts }))), expected);
        });
    }
});

describe("A pod that an earlier run has left broken", () => {
    const rows: [string, PodSeen, boolean][] = [
        ["carries an approved role and is not Ready", pod("n1", broken, starting), true],
        ["is not one that is Ready", pod("n1", broken), false],
        ["is not one without an approved role", pod("n1", onNodeRole, starting), false],
        ["is not one with a role of another owner", pod("n1", carrying("other"), starting), false],
    ];
    for (const [what, one, expected] of rows) {
        it(what, () => strictEqual(isLeftBroken(one, target), expected));
    }
});
