import { deepStrictEqual } from "node:assert/strict";
import { refusedNodes } from "../../../../handover/decide/refusedNodes";
import type { ClusterSeen } from "../../../../handover/model/world";
import { right } from "../support/detachments";
import { node, pods, world } from "../support/worlds";

const refused = { refusedPods: ["no"], pods: pods(right).slice(1) };
const names = (cluster: Partial<ClusterSeen>) =>
    refusedNodes(world(right, { cluster }).cluster).map(({ name }) => name);

describe("A node whose pod the API server refuses", () => {
    it("has no pod", () => {
        deepStrictEqual(names(refused), ["n1"]);
    });

    it("is none where no pod was refused, or the pods exist", () => {
        deepStrictEqual(names({}), []);
        deepStrictEqual(names({ ...refused, refusedPods: [] }), []);
        deepStrictEqual(names({ ...refused, pods: pods(right) }), []);
    });

    it("is none that is NotReady, where no pod would start", () => {
        deepStrictEqual(names({ ...refused, nodes: [node("n1", { ready: false }), node("n2"), node("n3")] }), []);
    });
});
