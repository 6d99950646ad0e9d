import assert from "node:assert/strict";

import { LateCache } from "../../../identityWebhook/lateCache";

describe("the identity webhook's cache", () => {
    let now = 0;
    let cache: LateCache<string>;
    beforeEach(() => {
        now = 0;
        cache = new LateCache(() => now);
    });

    it("knows at once what it hears when it is not late", () => {
        cache.hear("a", "one");
        assert.equal(cache.get("a"), "one");
        cache.hear("a", undefined);
        assert.equal(cache.get("a"), undefined);
    });

    it("knows each change when its delay is over, and the older one until then", () => {
        cache.hear("a", "one");
        cache.setDelay(100);
        cache.hear("a", "two");
        now = 60;
        cache.hear("a", "three");
        assert.equal(cache.get("a"), "one");
        now = 100;
        assert.equal(cache.get("a"), "two");
        now = 160;
        assert.equal(cache.get("a"), "three");
    });

    it("still knows what was deleted until the delay is over", () => {
        cache.hear("a", "one");
        cache.setDelay(100);
        cache.hear("a", undefined);
        assert.equal(cache.get("a"), "one");
        now = 100;
        assert.equal(cache.get("a"), undefined);
    });

    it("never hears of anything with a delay without end, and of all of it once that ends", () => {
        cache.setDelay(Infinity);
        cache.hear("a", "one");
        now = 1e9;
        assert.equal(cache.get("a"), undefined);
        cache.setDelay(0);
        assert.equal(cache.get("a"), "one");
    });

    it("does not forget what it knows when the delay becomes longer", () => {
        cache.hear("a", "one");
        cache.setDelay(Infinity);
        assert.equal(cache.get("a"), "one");
    });
});
