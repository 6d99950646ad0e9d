import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { emptyIamState, type IamState } from "../../../aws/iam/state";
import { Timeline } from "../../../aws/iam/timeline";

/** A state that its one policy distinguishes from others. */
function state(arn: string): IamState {
    return {
        ...emptyIamState,
        policies: { [arn]: { arn, document: "{}", versionIds: [], defaultVersionId: "", attachmentCount: 0 } },
    };
}

describe("the timeline of IAM's changes", () => {
    let now: number;
    let directory: string;
    let timeline: Timeline;
    beforeEach(() => {
        now = 1_000_000;
        directory = mkdtempSync(join(tmpdir(), "eks-cni-timeline-"));
        timeline = new Timeline(emptyIamState, join(directory, "changes.jsonl"), () => now);
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    const record = (arn: string, enforcementSeconds: number) =>
        timeline.record("CreatePolicy", {}, state(arn), { enforcementSeconds, visibilitySeconds: 0 });
    const enforced = () => Object.keys(timeline.enforced.policies);

    it("knows a change as written at once, and as enforced to the millisecond", () => {
        record("a", 3);
        assert.deepEqual(Object.keys(timeline.written.policies), ["a"]);
        assert.deepEqual(enforced(), []);
        now += 2999;
        assert.deepEqual(enforced(), []);
        now += 1;
        assert.deepEqual(enforced(), ["a"]);
    });

    it("enforces several changes one after the other", () => {
        record("a", 3);
        now += 1000;
        record("b", 3);
        now += 2000;
        assert.deepEqual(enforced(), ["a"]);
        now += 1000;
        assert.deepEqual(enforced(), ["b"]);
    });

    it("lets no later change overtake an earlier one when the delay is made shorter", () => {
        record("a", 20);
        const later = record("b", 0);
        assert.equal(later.enforcedAt, 1_020_000);
        assert.deepEqual(enforced(), []);
        now += 20_000;
        assert.deepEqual(enforced(), ["b"]);
    });

    it("knows what reads show, which may be enforced before or after that", () => {
        const visible = () => Object.keys(timeline.visible.policies);
        timeline.record("CreatePolicy", {}, state("a"), { enforcementSeconds: 0, visibilitySeconds: 2 });
        assert.deepEqual([enforced(), visible()], [["a"], []]);
        now += 2000;
        assert.deepEqual(visible(), ["a"]);
        record("b", 3);
        assert.deepEqual([enforced(), visible()], [["a"], ["b"]]);
    });

    it("writes the beginning and each change as a line of JSON", () => {
        record("a", 3);
        const lines = readFileSync(join(directory, "changes.jsonl"), "utf8").trim().split("\n");
        assert.deepEqual(
            lines.map((line) => JSON.parse(line) as unknown),
            [
                {
                    action: "",
                    parameters: {},
                    changedAt: 1_000_000,
                    visibleAt: 1_000_000,
                    enforcedAt: 1_000_000,
                    state: emptyIamState,
                },
                {
                    action: "CreatePolicy",
                    parameters: {},
                    changedAt: 1_000_000,
                    visibleAt: 1_000_000,
                    enforcedAt: 1_003_000,
                    state: state("a"),
                },
            ],
        );
    });

    it("is settled: what is written is in force at once, and the log says from when", () => {
        record("a", 20);
        record("b", 20);
        now += 5;
        timeline.settle();
        assert.deepEqual(enforced(), ["b"]);
        const lines = readFileSync(join(directory, "changes.jsonl"), "utf8").trimEnd().split("\n");
        const last = JSON.parse(lines.at(-1) ?? "") as { action: string; enforcedAt: number; state: IamState };
        assert.deepEqual([last.action, last.enforcedAt, last.state], ["", now, state("b")]);
        record("c", 0);
        assert.deepEqual(enforced(), ["c"]);
    });
});
