import { deepStrictEqual } from "node:assert/strict";
import { leavesAddOn } from "../../../../handover/run/leaveAddOn";
import { external, ofAddOn } from "../support/addOns";
import { subject } from "../support/worlds";

describe("An update takes the role of the component away from the managed add-on", () => {
    const rows: [string, boolean | undefined, typeof subject, boolean, boolean][] = [
        ["if it delivers another role", true, ofAddOn, true, true],
        ["if the component annotates from then on", true, subject, false, true],
        ["if it does both", true, subject, true, true],
        ["not if nothing changes", true, ofAddOn, false, false],
        ["not if the add-on never had one", undefined, subject, true, false],
        ["not if the add-on has given it up before", false, subject, true, false],
        ["not if its owner delivers from then on", true, external, true, false],
    ];
    for (const [what, addOnDelivered, who, isAnotherRole, expected] of rows) {
        it(what, () => {
            const record = addOnDelivered === undefined ? {} : { addOnDelivered };
            deepStrictEqual(leavesAddOn(record, who, isAnotherRole), expected);
        });
    }
});
