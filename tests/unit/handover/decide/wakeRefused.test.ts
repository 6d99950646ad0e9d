import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { nextWakeStep, refusedPodsLine } from "../../../../handover/decide/wakeRefused";
import type { ClusterSeen } from "../../../../handover/model/world";
import { right } from "../support/detachments";
import { memoryWith, node, pods, seconds, world } from "../support/worlds";

const refused = { refusedPods: ["no"], pods: pods(right).slice(1) };
const started = (ago: number, wokenAgo?: number) =>
    memoryWith({ startedAt: seconds(-ago), ...(wokenAgo === undefined ? {} : { wokenAt: seconds(-wokenAgo) }) });
const step = (cluster: Partial<ClusterSeen>, memory = started(0)) => nextWakeStep(world(right, { cluster }), memory);
const DONE = { do: "done", why: "no pod is refused" };
const WAKE = { do: "wake", why: "the API server refused the pods for n1; making the DaemonSet controller retry" };
const WAIT = { do: "wait", why: "no pod yet on n1" };

describe("Before the DaemonSet is patched, its controller", () => {
    it("retries pods that were refused, every five seconds", () => {
        deepStrictEqual(step(refused), WAKE);
        deepStrictEqual(step(refused, started(5, 5)), WAIT);
        deepStrictEqual(step(refused, started(6, 6)), WAKE);
    });

    it("is left alone once the pods exist, or where none was refused", () => {
        deepStrictEqual(step({ ...refused, pods: pods(right) }), DONE);
        deepStrictEqual(step({ ...refused, refusedPods: [] }), DONE);
        deepStrictEqual(step({ ...refused, nodes: [node("n1", { ready: false }), node("n2"), node("n3")] }), DONE);
    });

    it("is left alone after half a minute, so that the update continues", () => {
        deepStrictEqual(step(refused, started(29, 1)), WAIT);
        deepStrictEqual(step(refused, started(30, 9)), DONE);
    });

    it("is why a refresh shows a change, as long as a pod is refused", () => {
        strictEqual(
            refusedPodsLine(world(right, { cluster: refused }).cluster),
            "The API server refused the pods for n1. The next update makes the DaemonSet controller retry.",
        );
        strictEqual(refusedPodsLine(world(right).cluster), undefined);
    });
});
