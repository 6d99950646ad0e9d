import * as assert from "assert";
import type { RecordedEvent } from "../../continuity/monitor/recording";
import { closing, failures, line, type Outcome } from "../../continuity/report";
import { noGaps } from "../../continuity/scenarios/scenario";
import { type Experiences, verdictOf } from "../../continuity/verdict";
import { iam, nodeRole, pod, recording } from "./world";

const bound = { ...noGaps, rollouts: 1, restarts: 0 };
const NO_GAP = "no gap was recorded: the monitor does not detect gaps";
const NOTHING: Experiences = { probes: [], calls: [] };
const baseline = { nodeSeconds: 6, nodes: 2 };
const there: RecordedEvent[] = [
    { at: 0, kind: "iam", state: iam([nodeRole()]) },
    { at: 0, kind: "pod", pod: pod("a") },
    { at: 0, kind: "pod", pod: pod("b", { node: "n2" }) },
];
const lost: RecordedEvent = { at: 5000, kind: "iam", state: iam([nodeRole({ attachedPolicyArns: [] })]) };
const gone: RecordedEvent = { at: 0, kind: "podGone", uid: "b" };

describe("a verdict", () => {
    it("finds nothing where every pod had a path and every node a pod", () => {
        const verdict = verdictOf(recording(10_000, ...there), bound, NOTHING, baseline);
        assert.deepStrictEqual(verdict.problems, []);
        assert.strictEqual(verdict.nodeSecondsBeyond, 0);
    });

    it("names the pods without a path, their nodes, for how long and why", () => {
        const verdict = verdictOf(recording(6000, ...there, lost), bound, NOTHING, baseline);
        assert.strictEqual(verdict.problems[0], "2.0 pod-seconds without a path");
        assert.match(
            verdict.problems[1] ?? "",
            /^aws-node-a on n1 for 1.0 s from 00:00:05.000: the role nodes may not/,
        );
        assert.strictEqual(verdict.problems.length, 3);
    });

    it("wants pods without a path where the monitor is tried", () => {
        const some = { ...bound, podSeconds: "some" as const };
        assert.deepStrictEqual(verdictOf(recording(6000, ...there, lost), some, NOTHING, baseline).problems, []);
        assert.deepStrictEqual(verdictOf(recording(6000, ...there), some, NOTHING, baseline).problems, [NO_GAP]);
    });

    it("wants pods without a path where an outsider takes it", () => {
        const outsiders = [{ from: 4000, repairedFrom: 6000, limitSeconds: 10 }];
        const taken = { ...recording(7000, ...there, lost), outsiders };
        assert.deepStrictEqual(verdictOf(taken, bound, NOTHING, baseline).problems, []);
        assert.deepStrictEqual(
            verdictOf({ ...recording(7000, ...there), outsiders }, bound, NOTHING, baseline).problems,
            ["no gap was recorded after an outsider's write: the pods did not lose their path"],
        );
    });

    it("allows nodes without a pod what bare restarts cost, half as much again, and a little", () => {
        const { problems, nodeSecondsBeyond } = verdictOf(recording(11_000, ...there, gone), bound, NOTHING, baseline);
        assert.deepStrictEqual([problems, nodeSecondsBeyond], [[], 5]);
        const late = verdictOf(recording(11_100, ...there, gone), bound, NOTHING, baseline);
        assert.match(
            late.problems[0] ?? "",
            /without a Ready pod for 5.1 s more than a bare restart costs; at most 5.0 s are allowed/,
        );
    });

    it("allows more where the scenario restarts pods or takes nodes away", () => {
        const more = { ...bound, restarts: 1, outageNodeSeconds: 10 };
        assert.deepStrictEqual(verdictOf(recording(25_500, ...there, gone), more, NOTHING, baseline).problems, []);
        assert.strictEqual(verdictOf(recording(25_600, ...there, gone), more, NOTHING, baseline).problems.length, 1);
    });

    it("listens to the probes and to the CNI's own calls, and counts each apart, within the recording", () => {
        const one = (time: number, ok: boolean) => ({ time, pod: "aws-node-a", uid: "a", ok });
        const listen = (more: Partial<Experiences>) =>
            verdictOf(recording(10_000, ...there), bound, { ...NOTHING, ...more }, undefined);
        const probed = listen({ probes: [one(3000, false), one(10_001, false)] });
        assert.deepStrictEqual([probed.probes, probed.agentCalls, probed.refusedCalls], [1, 0, 0]);
        assert.match(
            probed.problems.join(),
            /^00:00:03.000: aws-node-a's probe failed[^,]*, but the monitor saw a path/,
        );
        const calls = [one(3000, false), one(4000, true), one(10_001, false)];
        const called = listen({ calls: calls });
        assert.deepStrictEqual([called.probes, called.agentCalls, called.refusedCalls], [0, 2, 1]);
        assert.match(
            called.problems.join(),
            /^00:00:03.000: aws-node-a's agent failed[^,]*, but the monitor saw a path/,
        );
    });

    it("wants a gap of the probe where the monitor is tried, whatever the CNI's own calls show", () => {
        const some = { ...bound, podSeconds: "some" as const };
        const calls = [{ time: 5500, pod: "aws-node-a", uid: "a", ok: false }];
        assert.strictEqual(
            verdictOf(recording(6000, ...there), some, { probes: [], calls }, baseline).problems[0],
            NO_GAP,
        );
        assert.deepStrictEqual(verdictOf(recording(6000, ...there, lost), some, NOTHING, baseline).problems, []);
    });
});

describe("the report", () => {
    const outcome = (more: Partial<Outcome> = {}): Outcome => ({
        kind: "scenario",
        name: "first-up",
        title: "first up",
        milliseconds: 12_000,
        problems: [],
        replay: "npm run test:continuity -- --only first-up",
        logs: "/tmp/logs",
        mustShowGaps: false,
        verdict: verdictOf(recording(6000, ...there), bound, NOTHING, baseline),
        ...more,
    });
    const bad = verdictOf(recording(6000, ...there, lost), bound, NOTHING, baseline);

    it("has a line for each, with its figures", () => {
        assert.match(line(outcome()), /^ok +0\.0 +0\.0 +0 +0\.0 +0 +0 +0 +0\.0 +12 s first up$/);
        assert.match(line(outcome({ verdict: undefined, problems: ["x"] })), /^FAILED +- +- .* 12 s first up$/);
    });

    it("ends with the headline, and with lines by which the gate counts", () => {
        const all = [outcome(), outcome({ kind: "point", name: "kill:up:before-1:up" })];
        assert.deepStrictEqual(closing(all, 125_000), [
            "1 scenarios, 1 kill points: 0.0 pod-seconds without a path (canaries: 0.0), by the monitor's probe",
            "The CNI's own calls, by the agents: 0, of which 0 were refused",
            "",
            "  2 passing (2m)",
        ]);
    });

    it("adds up pod-seconds, but for those that show that the monitor sees", () => {
        const control = outcome({ name: "plain", verdict: bad, mustShowGaps: true });
        const failed = outcome({ verdict: { ...bad, agentCalls: 7, refusedCalls: 2 }, problems: bad.problems });
        assert.deepStrictEqual(closing([control, failed], 30_000), [
            "2 scenarios, 0 kill points: 2.0 pod-seconds without a path (canaries: 0.0), by the monitor's probe",
            "The CNI's own calls, by the agents: 7, of which 2 were refused",
            "The monitor's probe detects gaps, which the CNI may not notice: plain shows 2.0 s and 0 refused calls",
            "",
            "  1 passing (30s)",
            "  1 failing",
        ]);
    });

    it("reports for each failure what is wrong, how to reproduce it and where its logs are", () => {
        assert.deepStrictEqual(failures([outcome(), outcome({ problems: ["one\ntwo"] })]), [
            "  1) first up",
            "     one",
            "     two",
            "     again: npm run test:continuity -- --only first-up",
            "     logs: /tmp/logs",
            "",
        ]);
    });
});
