import { deepStrictEqual } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { ConnectionInputs } from "../../../../handover/model/connection";
import type { HandOverRecord } from "../../../../handover/model/record";
import { type RunContext, withRunContext } from "../../../../handover/observe/runContext";
import { record, subject } from "../support/worlds";

describe("The cluster of a live check", () => {
    const renamed = { ...subject, fieldManager: "eks-cni/network/production/renamed", injectionGuardName: "renamed" };
    const rows: [string, HandOverRecord | undefined, string[]][] = [
        [
            "is written to under the names of the component before anything is recorded",
            undefined,
            [renamed.fieldManager, "renamed"],
        ],
        [
            "is written to under the first names of a component that was renamed",
            record,
            [subject.fieldManager, "guard"],
        ],
    ];
    for (const [what, known, names] of rows) {
        it(what, async () => {
            const opened: string[] = [];
            const closed: string[] = [];
            const inputs = {
                subject: renamed,
                timeouts: DEFAULT_TIMEOUTS,
                iamPropagationSeconds: 120,
                forceDestroy: false,
                drift: "none",
            };
            const operation = {
                progress: () => undefined,
                open: ({ subject: { fieldManager, injectionGuardName } }: ConnectionInputs) => {
                    opened.push(fieldManager, injectionGuardName);
                    return Promise.resolve({
                        cluster: { close: () => closed.push("closed") },
                    } as unknown as RunContext);
                },
            };
            await withRunContext(known === undefined ? inputs : { ...inputs, record: known }, [], operation, () =>
                Promise.resolve(),
            );
            deepStrictEqual(opened, names);
            deepStrictEqual(closed, ["closed"]);
        });
    }
});
