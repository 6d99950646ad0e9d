import { deepStrictEqual } from "node:assert/strict";
import { subjectOf, withAddOnDelivered, withoutAddOnDelivered } from "../../../../handover/model/record";
import { FORMER_ROLE, record, ROLE, subject } from "../support/worlds";

describe("The record of the managed add-on", () => {
    const told = { ...record, addOnDelivered: true };

    it("says that the add-on may carry a role of the component, and which role it had before", () => {
        deepStrictEqual(withAddOnDelivered(record, undefined), told);
        deepStrictEqual(withAddOnDelivered(record, FORMER_ROLE), { ...told, addOnRoleArn: FORMER_ROLE });
    });

    it("keeps the first role, since a later one is the component's", () => {
        deepStrictEqual(withAddOnDelivered({ ...told, addOnRoleArn: FORMER_ROLE }, ROLE), {
            ...told,
            addOnRoleArn: FORMER_ROLE,
        });
        deepStrictEqual(withAddOnDelivered(told, ROLE), told);
        const left = { ...record, addOnDelivered: false };
        deepStrictEqual(withAddOnDelivered(left, ROLE), told);
        deepStrictEqual(withAddOnDelivered({ ...left, addOnRoleArn: FORMER_ROLE }, "another"), {
            ...told,
            addOnRoleArn: FORMER_ROLE,
        });
    });

    it("has one that another writer has given to the add-on since it had given up the component's", () => {
        const left = { ...record, addOnDelivered: false };
        deepStrictEqual(withAddOnDelivered(left, FORMER_ROLE), { ...told, addOnRoleArn: FORMER_ROLE });
    });

    it("says that the add-on has given it up, if it had one", () => {
        // Another approval: if the program returns to the add-on, the record must differ from the one that the other resources have seen.
        deepStrictEqual(withoutAddOnDelivered(told), { ...record, addOnDelivered: false, approvals: 1 });
        deepStrictEqual(withoutAddOnDelivered({ ...told, approvals: 1 }).approvals, 2);
        deepStrictEqual(withoutAddOnDelivered(record), record);
        const gone = { ...record, addOnDelivered: false };
        deepStrictEqual(withoutAddOnDelivered(gone), gone);
    });

    it("makes a run look at the add-on as long as it may carry a role of the component", () => {
        deepStrictEqual(subjectOf(told, subject), { ...subject, addOnDelivered: true });
        deepStrictEqual(subjectOf({ ...record, addOnDelivered: false }, subject), subject);
        deepStrictEqual(subjectOf(record, subject), subject);
    });
});
