import assert from "node:assert/strict";

import { Throttle, type Throttling } from "../../../aws/throttling";

describe("throttling of the AWS stand-in", () => {
    /** Whether each of the calls passes, at the same time. */
    const letThrough = (throttle: Throttle, calls: number) =>
        Array.from({ length: calls }, () => throttle.refusal("iam") === undefined);
    const throttleOf = (throttling: Throttling, now?: () => number) => {
        const throttle = new Throttle(now);
        throttle.set(throttling);
        return throttle;
    };

    it("refuses no call before it starts, and none after it ends", () => {
        const throttle = new Throttle();
        assert.deepEqual(letThrough(throttle, 3), [true, true, true]);
        throttle.set({ everyNth: 1 });
        assert.deepEqual(letThrough(throttle, 2), [false, false]);
        throttle.set({});
        assert.deepEqual(letThrough(throttle, 2), [true, true]);
    });

    it("counts the calls of each service by itself", () => {
        const throttle = throttleOf({ everyNth: 2 });
        assert.equal(throttle.refusal("iam"), undefined);
        assert.equal(throttle.refusal("ec2"), undefined);
        assert.equal(throttle.refusal("iam")?.code, "Throttling");
        assert.equal(throttle.refusal("ec2")?.code, "RequestLimitExceeded");
    });

    it("refuses every nth call from its start", () => {
        assert.deepEqual(letThrough(throttleOf({ everyNth: 3 }), 7), [true, true, false, true, true, false, true]);
    });

    it("has as many tokens as a second brings, and no more after a pause", () => {
        let now = 0;
        const throttle = throttleOf({ perSecond: 2 }, () => now);
        assert.deepEqual(letThrough(throttle, 3), [true, true, false]);
        now += 500;
        assert.deepEqual(letThrough(throttle, 2), [true, false]);
        now += 60_000;
        assert.deepEqual(letThrough(throttle, 3), [true, true, false]);
    });
});
