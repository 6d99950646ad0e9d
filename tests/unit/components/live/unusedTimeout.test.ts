import { deepStrictEqual } from "assert";
import { live } from "../../support/live";
import { assertAccepted } from "../../support/refusals";
import { construct } from "../../support/underMocks";
import { PROVIDER_ARN } from "../../support/standIn";

const WARNING =
    "warning: [runtime] rollout.timeoutSeconds has no effect with live checks. timeouts.canarySeconds limits how long each pod may take.";

describe("rollout.timeoutSeconds", () => {
    it("has no effect with live checks, as a warning says, with the argument that limits a pod", async () => {
        const run = await live({ rollout: { timeoutSeconds: 900 } });
        assertAccepted(run);
        deepStrictEqual(run.warnings, [WARNING]);
    });

    for (const rollout of [undefined, null, {}, { timeoutSeconds: null }]) {
        it(`causes no warning if it is not given: ${JSON.stringify(rollout)}`, async () => {
            const run = await live({ rollout });
            assertAccepted(run);
            deepStrictEqual(run.warnings, []);
        });
    }

    it("causes no warning without live checks, where it limits the rolling update", async () => {
        const run = await construct({ oidcProviderArn: PROVIDER_ARN, rollout: { timeoutSeconds: 900 } });
        assertAccepted(run);
        deepStrictEqual(run.warnings, []);
    });
});
