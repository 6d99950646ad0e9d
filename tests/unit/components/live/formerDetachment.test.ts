import { deepStrictEqual } from "node:assert/strict";
import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import { formerDetachment } from "../../../../components/live/formerDetachment";

describe("What a preview learns of the detachment before its update", () => {
    const outputs = { detachedFrom: ["nodes"], remainingSteps: ["a step"] };
    const rows: [string, Parameters<typeof formerDetachment>[0], object | undefined][] = [
        [
            "is its result, for the same role",
            { oldInputs: { approvedRole: "a" }, newInputs: { approvedRole: "a" }, oldOutputs: outputs },
            { ...outputs, isAnotherRole: false },
        ],
        [
            "is its result, for another role, and the clusters that the program named",
            {
                oldInputs: { approvedRole: "a", handedOverClusterArns: ["c"] },
                newInputs: { approvedRole: "b", handedOverClusterArns: [] },
                oldOutputs: outputs,
            },
            { ...outputs, isAnotherRole: true, handedOverClusterArns: ["c"] },
        ],
        [
            "is in the outputs as well, which a dynamic provider returns with its inputs",
            {
                oldInputs: undefined,
                newInputs: { approvedRole: "a" },
                oldOutputs: { ...outputs, approvedRole: "a", handedOverClusterArns: ["c"] },
            },
            { ...outputs, isAnotherRole: false, handedOverClusterArns: ["c"] },
        ],
        [
            "is no list that is not known",
            {
                oldInputs: { approvedRole: "a", handedOverClusterArns: ["c", NOT_YET_KNOWN] },
                newInputs: { approvedRole: "a" },
                oldOutputs: outputs,
            },
            { ...outputs, isAnotherRole: false },
        ],
        ["is nothing without outputs", { oldInputs: {}, newInputs: {}, oldOutputs: undefined }, undefined],
        [
            "is nothing without one of them",
            { oldInputs: {}, newInputs: {}, oldOutputs: { detachedFrom: [] } },
            undefined,
        ],
        [
            "is nothing without the other",
            { oldInputs: {}, newInputs: {}, oldOutputs: { remainingSteps: [] } },
            undefined,
        ],
    ];
    for (const [what, change, former] of rows) {
        it(what, () => {
            deepStrictEqual(formerDetachment(change), former);
        });
    }
});
