import { strictEqual } from "node:assert/strict";
import { refusedPodsLine } from "../../../../handover/decide/wakeRefused";
import type { ClusterSeen } from "../../../../handover/model/world";
import { right } from "../support/detachments";
import { node, pods, world } from "../support/worlds";

const refused = { refusedPods: ["no"], pods: pods(right).slice(1) };
const line = (cluster: Partial<ClusterSeen>) => refusedPodsLine(world(right, { cluster }).cluster);

describe("A pod that the API server refuses", () => {
    it("is why a refresh shows a change", () => {
        strictEqual(
            line(refused),
            "The API server refused the pods for n1. The next update makes the DaemonSet controller retry.",
        );
    });

    it("is none where none was refused, or the pods exist", () => {
        strictEqual(line({}), undefined);
        strictEqual(line({ ...refused, refusedPods: [] }), undefined);
        strictEqual(line({ ...refused, pods: pods(right) }), undefined);
    });

    it("is none on a NotReady node, where no pod would start", () => {
        strictEqual(line({ ...refused, nodes: [node("n1", { ready: false }), node("n2"), node("n3")] }), undefined);
    });
});
