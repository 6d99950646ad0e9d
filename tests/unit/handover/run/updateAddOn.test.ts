import { deepStrictEqual } from "node:assert/strict";
import type { AddOnUpdateSeen } from "../../../../handover/model/addOn";
import type { RunContext } from "../../../../handover/observe/runContext";
import { updateAddOn } from "../../../../handover/run/updateAddOn";

const update = { clusterName: "prod", roleArn: "arn:role", configurationValues: undefined, clientRequestToken: "t" };

/** A run whose updates have these states, one after another. The last one stays. */
function running(
    states: readonly AddOnUpdateSeen["status"][],
    { busy = false, gone = false, errors = [] as string[] } = {},
) {
    const asked: string[] = [];
    let now = 0;
    const cancelling = new AbortController();
    const context = {
        aws: {
            updateAddOn: (sent: object) => {
                asked.push(JSON.stringify(sent));
                return Promise.resolve(
                    gone
                        ? { is: "missing", why: "not found" }
                        : busy
                          ? { is: "busy", why: "in use" }
                          : { is: "sent", updateId: "u-1" },
                );
            },
            addOnUpdate: (name: string, id: string) => {
                asked.push(`${name} ${id}`);
                const status = states[Math.min(asked.length - 2, states.length - 1)] ?? "InProgress";
                return Promise.resolve({ status, errors });
            },
        },
        now: () => now,
        sleep: (milliseconds: number) => {
            now += milliseconds;
            return Promise.resolve();
        },
        progress: (line: string) => asked.push(line),
        cancelled: cancelling.signal,
    } as unknown as RunContext;
    return { context, asked, cancelling, at: () => now };
}

describe("An update of the managed add-on that a run makes", () => {
    it("is followed by its ID until EKS has ended it", async () => {
        const { context, asked } = running(["InProgress", "InProgress", "Successful"]);
        deepStrictEqual(await updateAddOn(context, update, 60), {
            roleArn: "arn:role",
            at: 6000,
            isSuccessful: true,
            why: "the update u-1 is Successful",
        });
        deepStrictEqual(asked, [JSON.stringify(update), "prod u-1", "prod u-1", "prod u-1"]);
    });

    for (const status of ["Failed", "Cancelled"] as const) {
        it(`may end as ${status}, with what EKS says`, async () => {
            const { context } = running([status], { errors: ["AccessDenied: no", "Unknown"] });
            deepStrictEqual(await updateAddOn(context, { ...update, roleArn: undefined }, 60), {
                roleArn: undefined,
                at: 0,
                isSuccessful: false,
                why: `the update u-1 is ${status}: AccessDenied: no: Unknown`,
            });
        });
    }

    it("may find EKS busy, which the next look shows", async () => {
        const { context, asked, at } = running([], { busy: true });
        deepStrictEqual(await updateAddOn(context, update, 60), undefined);
        deepStrictEqual(asked.slice(1), ["EKS is busy with the add-on: in use"]);
        deepStrictEqual(at(), 3000);
    });

    it("may find the add-on deleted, which the next look shows", async () => {
        const before = running([], { gone: true });
        deepStrictEqual(await updateAddOn(before.context, update, 60), undefined);
        deepStrictEqual([before.asked.slice(1), before.at()], [["the add-on is gone: not found"], 0]);
        const meanwhile = running(["Missing"], { errors: ["not found", "at all"] });
        deepStrictEqual(await updateAddOn(meanwhile.context, update, 60), undefined);
        deepStrictEqual(meanwhile.asked.slice(1), ["prod u-1", "the add-on is gone: not found at all"]);
    });

    it("is not followed for longer than its limit", async () => {
        const { context } = running(["InProgress"]);
        deepStrictEqual(await updateAddOn(context, update, 60), {
            roleArn: "arn:role",
            at: 60_000,
            isSuccessful: false,
            why: "the update u-1 is still in progress",
        });
    });

    it("is followed by a run that cannot be cancelled", async () => {
        const { context } = running(["InProgress", "Successful"]);
        const { cancelled, ...uncancellable } = context;
        deepStrictEqual(cancelled?.aborted, false);
        deepStrictEqual((await updateAddOn(uncancellable, update, 60))?.isSuccessful, true);
    });

    it("is not followed after the run was cancelled", async () => {
        const { context, cancelling } = running(["InProgress"]);
        cancelling.abort();
        deepStrictEqual((await updateAddOn(context, update, 60))?.why, "the update u-1 is still in progress");
    });
});
