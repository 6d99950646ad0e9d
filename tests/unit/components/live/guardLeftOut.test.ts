import { strictEqual } from "node:assert/strict";
import { isLeftOut } from "../../../../components/live/guardLeftOut";

const ROLE = "arn:aws:iam::111122223333:role/cni";

describe("That a run has left out the credential guard", () => {
    const rows: [string, string | undefined, boolean][] = [
        ["is said by another role than the one it has approved", `${ROLE}-before AROA1`, true],
        ["is not said by the role that it has approved", `${ROLE} AROA1`, false],
        ["is not said by a role of another owner that it has approved", ROLE, false],
        ["is not said where the run does not create the guard either", undefined, false],
        ["is said by a role whose ARN begins alike", `${ROLE}2 AROA1`, true],
    ];
    for (const [what, approved, expected] of rows) {
        it(what, () => strictEqual(isLeftOut(approved, ROLE), expected));
    }
});
