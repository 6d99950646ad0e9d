import { strictEqual } from "node:assert/strict";
import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import { isUntried } from "../../../../components/live/canaryLeftOut";
import { isLeftOut } from "../../../../components/live/guardLeftOut";
import { outputOrNotCreated } from "../../../../components/live/notCreated";

const ROLE = "arn:aws:iam::111122223333:role/cni";

/** What the SDKs give for an output and for the input `drift` of a live check, in an update. */
const OF_SDK = {
    "3.248.0": { notCreated: [undefined, "none"], failed: [NOT_YET_KNOWN, "none"] },
    "3.256.0": { notCreated: [NOT_YET_KNOWN, "none"], failed: [NOT_YET_KNOWN, NOT_YET_KNOWN] },
    "3.276.0": { notCreated: [NOT_YET_KNOWN, "none"], failed: [NOT_YET_KNOWN, NOT_YET_KNOWN] },
};

for (const [sdk, { notCreated, failed }] of Object.entries(OF_SDK)) {
    describe(`With version ${sdk} of the SDK, an output of a live check`, () => {
        const of = ([output, drift]: unknown[]) => outputOrNotCreated(output, drift, sdk);

        it("is undefined if the run does not create the live check, and not known if it has failed", () => {
            strictEqual(of(notCreated), undefined);
            strictEqual(of(failed), NOT_YET_KNOWN);
            strictEqual(of([ROLE, "none"]), ROLE);
        });

        it("lets a run pass that leaves out the whole component, of which only another owner's role is known", () => {
            const unknown = sdk === "3.248.0" ? undefined : NOT_YET_KNOWN;
            for (const role of [
                { arn: unknown, uniqueId: unknown },
                { arn: ROLE, uniqueId: "" },
            ]) {
                strictEqual(isLeftOut({ approvedRole: of(notCreated), ...role }), false);
            }
        });

        it("stops a run that creates the role without the guard, or moves to it without the canary", () => {
            strictEqual(isLeftOut({ approvedRole: of(notCreated), arn: ROLE, uniqueId: "AROA1" }), true);
            strictEqual(isLeftOut({ approvedRole: of(failed), arn: ROLE, uniqueId: "" }), true);
            strictEqual(isUntried({ approvedRole: ROLE, triedRole: ROLE, shown: of(notCreated) }), true);
            strictEqual(isUntried({ approvedRole: ROLE, triedRole: ROLE, shown: of(failed) }), false);
        });
    });
}
