import { strictEqual } from "node:assert/strict";
import { managedPolicyOf } from "../../../../handover/model/subject";
import { CNI_POLICY, subject } from "../support/worlds";

describe("The managed CNI policy", () => {
    const rows: [string, string, string][] = [
        [
            "is that of the role's partition",
            "arn:aws-cn:iam::111122223333:role/cni",
            CNI_POLICY.replace("aws", "aws-cn"),
        ],
        ["is that of the usual partition where the role tells none", "cni", CNI_POLICY],
    ];
    for (const [what, roleArn, expected] of rows) {
        it(what, () => {
            strictEqual(managedPolicyOf({ ...subject, roleArn }), expected);
        });
    }
});
