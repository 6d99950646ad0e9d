import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import type * as leftOut from "../../../../components/live/handOverLeftOut";
import { isUnfinished, unlessUnfinished } from "../../../../components/live/handOverLeftOut";
import type * as live from "../../../../components/live/liveResources";
import type { HandOverRecord } from "../../../../handover/model/record";
import { refusals } from "../../../../handover/model/refusals";
import { startRun, withEngine } from "../../support/standInEngine";

const ROLE = "arn:aws:iam::111122223333:role/cni";
const BEFORE = `${ROLE}-before AROA1`;
const APPROVED = `${ROLE} AROA2`;
const two = { approvedRoleArns: [`${ROLE}-before`, ROLE] };
const again = { ...two, approvals: 2 };
const one = { approvedRoleArns: [ROLE] };

describe("That a run has not finished the hand-over to another role", () => {
    const finished = {
        approvedRole: APPROVED,
        record: two,
        verifiedPods: 3,
        verifiedRole: APPROVED,
        verifiedRecord: two,
    };
    const rows: [string, object, boolean][] = [
        ["is not said where all pods are verified with it", {}, false],
        ["is said where they are verified with the role of before", { verifiedRole: BEFORE }, true],
        ["is said where the same ARN belongs to another role now", { verifiedRole: `${ROLE} AROA1` }, true],
        ["is said where the detachment has failed", { verifiedPods: NOT_YET_KNOWN }, true],
        ["is said so whatever its inputs are", { verifiedPods: NOT_YET_KNOWN, verifiedRole: BEFORE }, true],
        [
            "is said of a detachment that the run does not create, which has inputs only",
            { verifiedPods: undefined },
            true,
        ],
        ["is said where a former role has returned since", { record: { ...two, approvals: 2 } }, true],
        ["is not said where it had returned before", { record: again, verifiedRecord: again }, false],
        [
            "is not said where the record says that no other role was approved",
            { record: { ...two, approvals: 0 } },
            false,
        ],
        ["is not said of a first role", { verifiedPods: NOT_YET_KNOWN, record: one }, false],
        ["is not said without a record", { verifiedPods: NOT_YET_KNOWN, record: undefined }, false],
        ["is not said where the guard has approved none", { approvedRole: NOT_YET_KNOWN, verifiedRole: BEFORE }, false],
        ["is not said under mocks, which return nothing", { approvedRole: undefined, verifiedRole: BEFORE }, false],
        ["is not said of the state of a version that did not save the role", { verifiedRole: undefined }, false],
    ];
    for (const [what, more, expected] of rows) {
        it(what, () => strictEqual(isUnfinished({ ...finished, ...more }), expected));
    }
});

/** The errors that `act` throws outside of every promise. */
async function thrownOutside(act: () => Promise<void>): Promise<Error[]> {
    const errors: Error[] = [];
    const { setImmediate } = global;
    global.setImmediate = ((throws: () => void) => {
        try {
            throws();
        } catch (error) {
            errors.push(error as Error);
        }
    }) as typeof setImmediate;
    try {
        await act();
    } finally {
        global.setImmediate = setImmediate;
    }
    return errors;
}

/** The modules once more, since the binding of a process cannot be taken back. */
function freshModules(): Pick<typeof live, "usePluginBinding"> & Pick<typeof leftOut, "unlessUnfinished"> {
    const folder = "../../../../components/live";
    const before = { ...require.cache };
    for (const name of Object.keys(require.cache).filter((path) => path.includes("/components/live/"))) {
        Reflect.deleteProperty(require.cache, name);
    }
    try {
        /* eslint-disable @typescript-eslint/no-require-imports */
        const { usePluginBinding } = require(`${folder}/liveResources`) as typeof live;
        const { unlessUnfinished: fresh } = require(`${folder}/handOverLeftOut`) as typeof leftOut;
        return { usePluginBinding, unlessUnfinished: fresh };
    } finally {
        Object.assign(require.cache, before);
    }
}

describe("The end of an update", () => {
    const ENGINE = "127.0.0.1:41234";
    withEngine(ENGINE);

    const passed = pulumi.output<true>(true);
    const end = (verifiedRole: string, verifiedPods: unknown = 3, gate = passed, check = unlessUnfinished) =>
        check(
            gate,
            { approvedRole: pulumi.output(APPROVED), record: pulumi.output(two as unknown as HandOverRecord) },
            {
                approvedRole: pulumi.output(verifiedRole),
                record: pulumi.output(two as unknown as HandOverRecord),
                verifiedPods: pulumi.output(verifiedPods) as pulumi.Output<number>,
            },
        );
    const valueOf = (output: pulumi.Output<unknown>) =>
        (output as unknown as { promise: () => Promise<unknown> }).promise();

    it("waits for the gate alone where all pods carry the approved role", async () => {
        strictEqual(await valueOf(end(APPROVED)), true);
        const refused = pulumi.output<true>(Promise.reject(new Error("refused")));
        await rejects(valueOf(end(APPROVED, 3, refused)), /refused/);
    });

    const { message } = refusals.handOverUnfinished(ROLE);

    it("fails the program where pods may carry another one, names the approved one, and keeps no output waiting", async () => {
        for (const output of [() => end(BEFORE), () => end(APPROVED, pulumi.unknown)]) {
            const errors = await thrownOutside(async () => strictEqual(await valueOf(output()), true));
            deepStrictEqual(
                errors.map((error) => [error.message, pulumi.RunError.isInstance(error)]),
                [[message, true]],
            );
        }
        deepStrictEqual(await thrownOutside(async () => strictEqual(await valueOf(end(APPROVED)), true)), []);
    });

    it("rejects in the plugin, whose process the error must not end", async () => {
        const inPlugin = freshModules();
        inPlugin.usePluginBinding();
        const errors = await thrownOutside(() =>
            rejects(valueOf(end(BEFORE, 3, passed, inPlugin.unlessUnfinished)), { message }),
        );
        deepStrictEqual(errors, []);
    });

    it("is not checked in a preview, nor without an engine", () => {
        startRun(ENGINE, true);
        strictEqual(end(BEFORE), passed);
        startRun("");
        strictEqual(end(BEFORE), passed);
    });
});
