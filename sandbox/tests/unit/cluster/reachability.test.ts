import assert from "node:assert/strict";
import { Reachability } from "../../../cluster/reachability";

describe("whether nodes can reach STS", () => {
    const seen = (of: Reachability) => ["a", "b", "c"].map((node) => of.isReachableFrom(node));

    it("is so at first, and can end for all nodes", () => {
        const reachability = new Reachability();
        assert.deepEqual(seen(reachability), [true, true, true]);
        reachability.set(false);
        assert.deepEqual(seen(reachability), [false, false, false]);
    });

    it("is set for some nodes alone, one set after the other", () => {
        const reachability = new Reachability();
        reachability.set(false, ["a", "b"]);
        assert.deepEqual(seen(reachability), [false, false, true]);
        reachability.set(true, ["a"]);
        assert.deepEqual(seen(reachability), [true, false, true]);
    });

    it("is no matter of some nodes any more, once it is set for all", () => {
        const reachability = new Reachability();
        reachability.set(false, ["a"]);
        reachability.set(true);
        assert.deepEqual(seen(reachability), [true, true, true]);
    });

    it("can be given back to some nodes while the others have lost it", () => {
        const reachability = new Reachability();
        reachability.set(false);
        reachability.set(true, ["c"]);
        assert.deepEqual(seen(reachability), [false, false, true]);
    });
});
