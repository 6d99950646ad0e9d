import { strictEqual } from "node:assert/strict";
import { approvalOf } from "../../../../handover/model/approvedRole";

const a = { roleArn: "a", roleUniqueId: "AROA" };
const b = { roleArn: "b", roleUniqueId: "" };

describe("An approval", () => {
    it("is the role and its unique ID at first", () => {
        strictEqual(approvalOf(a, undefined), "a AROA");
        strictEqual(approvalOf(b, undefined), "b");
    });

    it("stays the same for the same role", () => {
        strictEqual(approvalOf(a, "a AROA"), "a AROA");
        strictEqual(approvalOf(a, "a AROA change 12"), "a AROA change 12");
    });

    it("is new for another role, and for a role of the same name", () => {
        strictEqual(approvalOf(b, "a AROA"), "b change 1");
        strictEqual(approvalOf({ ...a, roleUniqueId: "AROB" }, "a AROA change 9"), "a AROB change 10");
    });

    it("is new for a role that was approved before", () => {
        strictEqual(approvalOf(a, approvalOf(b, approvalOf(a, undefined))), "a AROA change 2");
    });
});
