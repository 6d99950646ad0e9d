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

describe("timeouts.canarySeconds", () => {
    const warningsOf = async (args: object) => {
        const run = await live(args);
        assertAccepted(run);
        return run.warnings;
    };

    it("causes a warning if it is less than a start of the plugin that fails takes", async () => {
        deepStrictEqual(await warningsOf({ timeouts: { canarySeconds: 89 } }), [
            "warning: [runtime] timeouts.canarySeconds is 89. A start of the plugin that fails takes about 90 s, so a pod that would work in its second start counts " +
                "as failed. Set it to more, or omit it for 300.",
        ]);
    });

    for (const timeouts of [undefined, null, {}, { canarySeconds: null }, { canarySeconds: 90 }]) {
        it(`causes no warning with ${JSON.stringify(timeouts)}`, async () => {
            deepStrictEqual(await warningsOf({ timeouts }), []);
        });
    }
});
