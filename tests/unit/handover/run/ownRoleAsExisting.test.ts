import { doesNotReject, doesNotThrow, rejects, throws } from "node:assert/strict";
import { refusals } from "../../../../handover/model/refusals";
import type { RunContext } from "../../../../handover/observe/runContext";
import { refuseOwnRoleAsExisting, refuseOwnRoleGivenUp } from "../../../../handover/run/ownRoleAsExisting";
import { carrying, FORMER_ROLE, ROLE, ROLE_ARN, subject, world } from "../support/worlds";

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

    it("may stay its own, or give way to the role of another owner", () => {
        doesNotThrow(() => refuseOwnRoleAsExisting(before("AROA1", ROLE), used(ROLE, "AROA1")));
        doesNotThrow(() => refuseOwnRoleAsExisting(before("AROA1", ROLE), used(ROLE, "AROA2")));
        doesNotThrow(() => refuseOwnRoleAsExisting(before("AROA1", ROLE), used(FORMER_ROLE)));
        doesNotThrow(() => refuseOwnRoleAsExisting(before("AROA1", ROLE), used(FORMER_ROLE, "AROA2")));
    });

    describe("in an update that turns the live checks off,", () => {
        const context = (annotated: string | undefined | null, turningOff: RunContext["turningOff"]) => {
            const { cluster } = world(carrying(ROLE));
            const annotations = { [ROLE_ARN]: annotated ?? undefined };
            const serviceAccount = annotated === null ? undefined : { uid: "account", annotations, roleArnOwners: [] };
            const look = () => Promise.resolve({ ...cluster, serviceAccount });
            return { turningOff, cluster: { look } } as unknown as RunContext;
        };

        it("cannot become its existingRoleArn either", async () => {
            const { message } = refusals.ownRoleAsExisting(ROLE, "Turn the live checks on again.");
            const given = context(ROLE, "annotatedExistingRole");
            await rejects(refuseOwnRoleGivenUp(given, before("AROA1", ROLE)), { message });
        });

        const rows: [string, RunContext, ReturnType<typeof before>][] = [
            ["stays its own", context(ROLE, "annotated"), before("AROA1", ROLE)],
            ["is not touched by a destroy", context(ROLE, undefined), before("AROA1", ROLE)],
            ["is not another owner's", context(FORMER_ROLE, "annotatedExistingRole"), before("AROA1", ROLE)],
            ["was another owner's before", context(ROLE, "annotatedExistingRole"), before("", ROLE)],
            ["has lost its service account", context(null, "annotatedExistingRole"), before("AROA1", ROLE)],
            ["is not annotated any more", context(undefined, "annotatedExistingRole"), before("AROA1", ROLE)],
        ];
        for (const [what, given, of] of rows) {
            it(`is accepted where it ${what}`, async () => {
                await doesNotReject(refuseOwnRoleGivenUp(given, of));
            });
        }
    });
});
