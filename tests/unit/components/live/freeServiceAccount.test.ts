import { deepStrictEqual } from "node:assert/strict";
import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import { formerOr } from "../../../../components/live/freeServiceAccount";
import { associated, record } from "../../handover/support/podIdentity";

describe("What a preview knows before the engine creates an association", () => {
    const known = { region: "eu-west-1", record, subject: associated };
    const former = { record, subject: associated, policiesAdded: [], policiesRemoved: [] };

    it("is the record, if the credential guard does not act", () => {
        deepStrictEqual(formerOr(known, undefined), known);
    });

    it("is the record of before, if it acts, or if the role is not known yet", () => {
        for (const late of ["record", "subject"]) {
            deepStrictEqual(formerOr({ ...known, [late]: NOT_YET_KNOWN }, former), known);
        }
    });

    it("is nothing before the first update", () => {
        const late = { ...known, record: NOT_YET_KNOWN };
        deepStrictEqual(
            [formerOr(late, undefined), formerOr(late, { ...former, subject: undefined as never })],
            [undefined, undefined],
        );
    });
});
