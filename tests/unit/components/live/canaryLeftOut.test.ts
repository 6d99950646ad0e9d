import * as pulumi from "@pulumi/pulumi";
import { rejects, strictEqual } from "node:assert/strict";
import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import { isUntried, unlessUntried } from "../../../../components/live/canaryLeftOut";
import { refusals } from "../../../../handover/model/refusals";
import { startRun, withEngine } from "../../support/standInEngine";

const ARN = "arn:aws:iam::111122223333:role/cni";
const ROLE = `${ARN} AROA1`;
const BEFORE = `${ARN}-before AROA0`;

describe("That a run has left out the canary", () => {
    const rows: [string, unknown, unknown, boolean, unknown?][] = [
        ["is said by another role than the one that it has tried", ROLE, BEFORE, true],
        ["is said by a new role of the same name", ROLE, `${ARN} AROA2`, true],
        ["is not said by the role that it has tried", ROLE, ROLE, false],
        ["is said of one that the run does not create", ROLE, ROLE, true, undefined],
        ["is not said of one that has failed", ROLE, ROLE, false, NOT_YET_KNOWN],
        ["is not said of one whose role is not known", ROLE, NOT_YET_KNOWN, false],
        ["is not said where the credential guard has failed", NOT_YET_KNOWN, BEFORE, false],
        ["is not said where there is no credential guard", undefined, BEFORE, false, undefined],
    ];
    for (const [what, approvedRole, triedRole, expected, ...shown] of rows) {
        it(what, () => {
            strictEqual(
                isUntried({ approvedRole, triedRole, shown: shown.length === 0 ? "it works" : shown[0] }),
                expected,
            );
        });
    }
});

describe("The rollout", () => {
    const ENGINE = "127.0.0.1:41234";
    withEngine(ENGINE);

    const passed = pulumi.output<true>(true);
    const rollOut = (approved: string, tried: string, gate = passed) =>
        unlessUntried(
            gate,
            { approvedRole: pulumi.output(approved) },
            {
                approvedRole: pulumi.output(tried),
                shown: pulumi.output("it works"),
                drift: pulumi.output("none"),
            },
        );
    const valueOf = (output: pulumi.Output<unknown>) =>
        (output as unknown as { promise: () => Promise<unknown> }).promise();

    it("waits for the gate alone if the canary has tried the role", async () => {
        strictEqual(await valueOf(rollOut(ROLE, ROLE)), true);
        const refused = pulumi.output<true>(Promise.reject(new Error("refused")));
        await rejects(valueOf(rollOut(ROLE, ROLE, refused)), /refused/);
    });

    it("fails if the canary has tried another one", async () => {
        const { message } = refusals.handOverUnfinished(ARN);
        await rejects(valueOf(rollOut(ROLE, BEFORE)), { message });
        await rejects(valueOf(rollOut(ARN, BEFORE)), { message });
    });

    it("is not checked in a preview, nor without an engine", () => {
        startRun(ENGINE, true);
        strictEqual(rollOut(ROLE, BEFORE), passed);
        startRun("");
        strictEqual(rollOut(ROLE, BEFORE), passed);
    });
});
