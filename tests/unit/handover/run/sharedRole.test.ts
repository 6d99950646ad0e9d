import { doesNotThrow, throws } from "node:assert/strict";
import { refusals } from "../../../../handover/model/refusals";
import { refuseIfShared } from "../../../../handover/run/sharedRole";
import { FORMER_ROLE, ROLE, subject } from "../support/worlds";

const before = { subject: { ...subject, issuers: ["own", "theirs", "more"] }, roleUniqueId: "AROA1" };
const another = (issuers: readonly string[]) => ({ subject: { ...subject, roleArn: FORMER_ROLE, issuers } });

describe("A role that other clusters share", () => {
    it("is not replaced while it is shared", () => {
        const { message } = refusals.sharedRoleReplaced(ROLE, ["theirs", "more"]);
        throws(() => refuseIfShared(before, another(["own", "theirs", "more"])), { message });
        throws(() => refuseIfShared(before, another(["own"])), { message });
    });

    it("is replaced once they left, if it stays, and if it is another owner's", () => {
        doesNotThrow(() => refuseIfShared({ ...before, subject }, another([...subject.issuers])));
        doesNotThrow(() => refuseIfShared(before, { subject: before.subject }));
        doesNotThrow(() => refuseIfShared({ ...before, roleUniqueId: "" }, another(["own", "theirs"])));
        doesNotThrow(() => refuseIfShared({ ...before, subject }, another(["own", "theirs"])));
    });
});
