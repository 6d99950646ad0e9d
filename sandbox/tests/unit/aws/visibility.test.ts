import assert from "node:assert/strict";

import { HeldAnswers } from "../../../aws/iam/visibility";

describe("answers that are held until a change is visible", () => {
    const answer = (body: string) => ({ status: 200, contentType: "text/xml", body });
    const read = (parameters: Record<string, string>) => ({ action: "GetRole", parameters });

    it("are given for the same read only, whatever its paging", () => {
        const held = new HeldAnswers(() => 0);
        held.hold(read({ RoleName: "a" }), answer("before"), 1000);
        const found = held.find(read({ Action: "GetRole", Version: "2010-05-08", RoleName: "a", MaxItems: "10" }));
        assert.equal(found?.body, "before");
        assert.equal(held.find(read({ RoleName: "b" })), undefined);
        assert.equal(held.find({ action: "ListRoleTags", parameters: { RoleName: "a" } }), undefined);
    });

    it("are those of the oldest change that is not visible yet, one after the other", () => {
        let now = 0;
        const held = new HeldAnswers(() => now);
        held.hold(read({ RoleName: "a" }), answer("before the first"), 1000);
        held.hold(read({ RoleName: "a" }), answer("before the second"), 1500);
        const bodies = [0, 999, 1000, 1499, 1500].map((time) => {
            now = time;
            return held.find(read({ RoleName: "a" }))?.body;
        });
        assert.deepEqual(bodies, [
            "before the first",
            "before the first",
            "before the second",
            "before the second",
            undefined,
        ]);
    });
});
