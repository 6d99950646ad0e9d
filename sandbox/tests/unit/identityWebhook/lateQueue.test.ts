import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { LateQueue } from "../../../identityWebhook/lateQueue";

describe("a queue that is late", () => {
    it("delivers in order, and by itself when the delay is over", async () => {
        const delivered: string[] = [];
        const queue = new LateQueue();
        queue.push(() => delivered.push("at once"));
        queue.setDelay(30);
        queue.push(() => delivered.push("one"));
        queue.push(() => delivered.push("two"));
        assert.deepEqual(delivered, ["at once"]);
        await sleep(80);
        assert.deepEqual(delivered, ["at once", "one", "two"]);
    });

    it("delivers what waits once the delay ends", () => {
        const delivered: string[] = [];
        const queue = new LateQueue(() => 0);
        queue.setDelay(Infinity);
        queue.push(() => delivered.push("one"));
        assert.deepEqual(delivered, []);
        queue.setDelay(0);
        assert.deepEqual(delivered, ["one"]);
    });

    it("waits as long as a later, longer delay says", async () => {
        const delivered: string[] = [];
        const queue = new LateQueue();
        queue.setDelay(20);
        queue.push(() => delivered.push("one"));
        queue.setDelay(Infinity);
        await sleep(60);
        assert.deepEqual(delivered, []);
    });
});
