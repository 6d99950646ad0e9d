import { doesNotThrow, throws } from "node:assert/strict";
import { refusals } from "../../../../handover/model/refusals";
import { refuseOwnRoleAsExisting } from "../../../../handover/run/ownRoleAsExisting";
import { FORMER_ROLE, ROLE, subject } from "../support/worlds";

const used = (roleArn: string, roleUniqueId = "") => ({ subject: { ...subject, roleArn }, roleUniqueId });
const before = (roleUniqueId: string, ...ownRoleArns: string[]) => ({
    ...used(ROLE, roleUniqueId),
    record: ownRoleArns.length === 0 ? {} : { ownRoleArns },
});
const refused = { message: refusals.ownRoleAsExisting(ROLE).message };

describe("The component's own role", () => {
    it("cannot become its existingRoleArn, and neither can one that it had before", () => {
        throws(() => refuseOwnRoleAsExisting(before("AROA1", ROLE), used(ROLE)), refused);
        throws(() => refuseOwnRoleAsExisting(before("AROA2", ROLE, FORMER_ROLE), used(ROLE)), refused);
        const anothers = { ...used(FORMER_ROLE), record: { ownRoleArns: [ROLE] } };
        throws(() => refuseOwnRoleAsExisting(anothers, used(ROLE)), refused);
    });

    it("is not a role that was used as another owner's before, whatever the record says", () => {
        doesNotThrow(() => refuseOwnRoleAsExisting(before("", ROLE), used(ROLE)));
        throws(() => refuseOwnRoleAsExisting({ ...before("", ROLE), roleUniqueId: "AROA1" }, used(ROLE)), refused);
    });

    it("is known by its unique ID alone, if the record is of an early version", () => {
        throws(() => refuseOwnRoleAsExisting(before("AROA1"), used(ROLE)), refused);
        doesNotThrow(() => refuseOwnRoleAsExisting(before(""), used(ROLE)));
        doesNotThrow(() => refuseOwnRoleAsExisting(before("AROA1"), used(FORMER_ROLE)));
    });

    it("may stay its own, or give way to the role of another owner", () => {
        doesNotThrow(() => refuseOwnRoleAsExisting(before("AROA1", ROLE), used(ROLE, "AROA1")));
        doesNotThrow(() => refuseOwnRoleAsExisting(before("AROA1", ROLE), used(ROLE, "AROA2")));
        doesNotThrow(() => refuseOwnRoleAsExisting(before("AROA1", ROLE), used(FORMER_ROLE)));
        doesNotThrow(() => refuseOwnRoleAsExisting(before("AROA1", ROLE), used(FORMER_ROLE, "AROA2")));
    });
});
