import { strictEqual } from "node:assert/strict";
import { isLeftOut } from "../../../../components/live/guardLeftOut";

import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";

const ROLE = "arn:aws:iam::111122223333:role/cni";

describe("That a run has left out the credential guard", () => {
    const rows: [string, unknown, boolean][] = [
        ["is said by another role than the one it has approved", `${ROLE}-before AROA1`, true],
        ["is not said by the role that it has approved", `${ROLE} AROA1`, false],
        ["is not said by a role of another owner that it has approved", ROLE, false],
        ["is not said under mocks, which return nothing", undefined, false],
        ["is said by a role whose ARN begins alike", `${ROLE}2 AROA1`, true],
    ];
    for (const [what, approved, expected] of rows) {
        it(what, () => {
            strictEqual(isLeftOut(approved, ROLE, false), expected);
            strictEqual(isLeftOut(approved, ROLE, true), expected);
        });
    }

    it("is said of a guard that has failed, by what the engine tried and does not know", () => {
        strictEqual(isLeftOut(NOT_YET_KNOWN, ROLE, true), true);
    });

    it("is not said of a guard that the run does not create", () => {
        strictEqual(isLeftOut(NOT_YET_KNOWN, ROLE, false), false);
    });
});
