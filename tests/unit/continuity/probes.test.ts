import * as assert from "assert";
import type { Gap } from "../../continuity/monitor/gaps";
import { disagreements, type Experience, failedCalls } from "../../continuity/monitor/probes";
import { pod, recording } from "./world";

const TOLERANCE = 1000;
const gap = (more: Partial<Gap> = {}): Gap => ({
    pod: "aws-node-a",
    uid: "a",
    node: "n1",
    from: 10_000,
    to: 20_000,
    reason: "",
    hiddenBySession: false,
    canary: false,
    joining: false,
    ...more,
});
const call = (time: number, ok: boolean, uid = "a"): Experience => ({
    time,
    ok,
    uid,
    pod: `aws-node-${uid}`,
    ...(ok ? {} : { error: "UnauthorizedOperation", message: "You are not authorized" }),
});
const failing = [11_500, 12_000, 15_000, 18_000].map((time) => call(time, false));

function compare(calls: Experience[], gaps: Gap[] = [gap()], ...events: Parameters<typeof recording>[1][]): string[] {
    return disagreements(calls, { gaps }, recording(30_000, ...events), TOLERANCE);
}

describe("the probes and the computed gaps", () => {
    it("agree when probes fail in gaps and succeed outside, whatever they do at the edges", () => {
        const edges = [call(9100, false), call(10_900, true), call(19_100, true), call(20_900, false)];
        const outside = [call(5000, true), call(25_000, true), call(15_000, true, "b")];
        assert.deepStrictEqual(compare([...failing, ...edges, ...outside]), []);
    });

    it("disagree when a probe fails outside every gap of its pod", () => {
        const found = compare([...failing, call(25_000, false), call(15_000, false, "b")]);
        assert.deepStrictEqual(found, [
            "00:00:25.000: aws-node-a's probe failed, but the monitor saw a path: UnauthorizedOperation You are not authorized",
            "00:00:15.000: aws-node-b's probe failed, but the monitor saw a path: UnauthorizedOperation You are not authorized",
        ]);
    });

    it("disagree when a probe succeeds in the middle of a gap", () => {
        const found = compare([...failing, call(15_000, true)]);
        assert.deepStrictEqual(found, ["00:00:15.000: aws-node-a's probe succeeded, but the monitor saw no path"]);
    });

    it("disagree when no probe fails in a gap that is long enough for several", () => {
        assert.deepStrictEqual(compare([]), ["no probe of aws-node-a failed in its gap of 10 s"]);
        assert.deepStrictEqual(compare([], [gap({ to: 12_000 })]), []);
        assert.strictEqual(compare([], [gap({ to: 12_001 })]).length, 1);
    });

    it("may differ where a session that the pod holds hides the gap", () => {
        assert.deepStrictEqual(compare([call(15_000, true)], [gap({ hiddenBySession: true })]), []);
        assert.deepStrictEqual(compare([call(15_000, false)], [gap({ hiddenBySession: true })]), []);
    });

    it("may differ as a pod ends, whose token ends with it", () => {
        const gone = { at: 25_000, kind: "podGone", uid: "a" } as const;
        const terminating = { at: 24_000, kind: "pod", pod: pod("a", { terminating: true }) } as const;
        assert.deepStrictEqual(compare([...failing, call(24_500, false)], [gap()], gone), []);
        assert.strictEqual(compare([...failing, call(23_500, false)], [gap()], gone).length, 1);
        assert.deepStrictEqual(compare([...failing, call(23_500, false)], [gap()], terminating, gone), []);
    });

    it("are compared within the recording only", () => {
        assert.deepStrictEqual(compare([...failing, call(30_001, false), call(-1, false)]), []);
    });
});

describe("the CNI's own calls and the computed gaps", () => {
    const failed = (...calls: Experience[]) => failedCalls(calls, { gaps: [gap()] }, recording(30_000), TOLERANCE);

    it("disagree when a call fails outside every gap of its pod", () => {
        assert.deepStrictEqual(failed(call(9000, false), call(15_000, false), call(21_000, false)), []);
        assert.deepStrictEqual(failed(call(8999, false), call(21_001, false)), [
            "00:00:08.999: aws-node-a's agent failed, but the monitor saw a path: UnauthorizedOperation You are not authorized",
            "00:00:21.001: aws-node-a's agent failed, but the monitor saw a path: UnauthorizedOperation You are not authorized",
        ]);
        assert.strictEqual(failed(call(15_000, false, "b")).length, 1);
    });

    it("agree on a gap in which the CNI calls nothing, or what is granted", () => {
        assert.deepStrictEqual(failed(), []);
        assert.deepStrictEqual(failed(call(15_000, true)), []);
    });

    it("are compared within the recording only", () => {
        assert.deepStrictEqual(failed(call(-1, false), call(30_001, false)), []);
    });
});
