import * as pulumi from "@pulumi/pulumi";
import { rejects, strictEqual } from "node:assert/strict";
import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import type { CniRole } from "../../../../components/role/cniRole";
import { isLeftOut, unlessLeftOut } from "../../../../components/live/guardLeftOut";
import { refusals } from "../../../../handover/model/refusals";
import { startRun, withEngine } from "../../support/standInEngine";

const ROLE = "arn:aws:iam::111122223333:role/cni";
/** As the credential guard gives it: with the unique ID. */
const OWN = `${ROLE} AROA1`;

describe("That a run has left out the credential guard", () => {
    const own = { arn: ROLE, uniqueId: "AROA1" };
    const others = { arn: ROLE, uniqueId: "" };
    const rows: [string, unknown, object, boolean][] = [
        ["is said by another role than the one it has approved", `${ROLE}-before AROA1`, own, true],
        ["is not said by the role that it has approved", OWN, own, false],
        ["is not said by a role of another owner that it has approved", ROLE, others, false],
        ["is said of a guard that the run does not create", undefined, own, true],
        [
            "is not said so where the run does not create the role either",
            undefined,
            { arn: undefined, uniqueId: undefined },
            false,
        ],
        ["is not said so of a role of another owner", undefined, others, false],
        ["is said of a guard that has failed, or was skipped since a resource before it has", NOT_YET_KNOWN, own, true],
        ["is said by a role whose ARN begins alike", `${ROLE}2 AROA1`, own, true],
        ["is said by a new role of the same name", `${ROLE} AROA2`, own, true],
        ["is said by its own role, used as another owner's", OWN, others, true],
    ];
    for (const [what, approvedRole, role, expected] of rows) {
        it(what, () => {
            strictEqual(isLeftOut({ approvedRole, ...role }), expected);
        });
    }
});

describe("The delivery of the role", () => {
    const ENGINE = "127.0.0.1:41234";
    withEngine(ENGINE);

    const BEFORE = `${ROLE}-before AROA1`;
    const passed = pulumi.output<true>(true);
    const own = { arn: pulumi.output(ROLE), uniqueId: pulumi.output("AROA1") };
    const deliver = (approved: unknown, gate = passed, role: Pick<CniRole, "arn" | "uniqueId"> = own) => {
        const approvedRole = pulumi.output(approved) as pulumi.Output<string>;
        return unlessLeftOut(gate, { approvedRole, drift: pulumi.output("none") }, role);
    };
    const valueOf = (output: pulumi.Output<unknown>) =>
        (output as unknown as { promise: () => Promise<unknown> }).promise();

    it("waits for the gate alone if the guard has approved the role", async () => {
        strictEqual(await valueOf(deliver(OWN)), true);
        strictEqual(await valueOf(deliver(ROLE, passed, { arn: pulumi.output(ROLE) })), true);
        const refused = pulumi.output<true>(Promise.reject(new Error("refused")));
        await rejects(valueOf(deliver(OWN, refused)), /refused/);
    });

    it("fails if the guard has approved another role, or was to approve one and has not", async () => {
        const { message } = refusals.roleNotApproved(ROLE);
        await rejects(valueOf(deliver(BEFORE)), (error) => {
            strictEqual((error as Error).message, message);
            return pulumi.RunError.isInstance(error);
        });
        await rejects(valueOf(deliver(pulumi.unknown)), { message });
    });

    it("waits for the gate alone if the run does not create the component", async () => {
        strictEqual(await valueOf(deliver(undefined, passed, { arn: pulumi.output(ROLE) })), true);
        const none = pulumi.output(undefined as unknown as string);
        strictEqual(await valueOf(deliver(undefined, passed, { arn: none, uniqueId: none })), true);
    });

    it("is not checked in a preview, nor without an engine", () => {
        startRun(ENGINE, true);
        strictEqual(deliver(BEFORE), passed);
        startRun("");
        strictEqual(deliver(BEFORE), passed);
    });
});
