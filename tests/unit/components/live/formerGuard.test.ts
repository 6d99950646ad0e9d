import { deepStrictEqual } from "node:assert/strict";
import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import { formerHandOver } from "../../../../components/live/formerGuard";
import { record, subject } from "../../handover/support/worlds";

describe("What a preview learns of the credential guard before its update", () => {
    const rows: [string, Parameters<typeof formerHandOver>[0], object | undefined][] = [
        [
            "is its record, and the policies that the role gets and loses",
            {
                oldInputs: { policyArns: ["cni", "one"] },
                newInputs: { policyArns: ["cni", "two"] },
                oldOutputs: { record },
            },
            { record, policiesAdded: ["two"], policiesRemoved: ["one"] },
        ],
        [
            "is no policy that is not known yet",
            {
                oldInputs: { policyArns: ["cni"] },
                newInputs: { policyArns: ["cni", NOT_YET_KNOWN] },
                oldOutputs: { record },
            },
            { record, policiesAdded: [], policiesRemoved: [] },
        ],
        [
            "is no policy of inputs that are not known yet",
            { oldInputs: undefined, newInputs: { policyArns: NOT_YET_KNOWN }, oldOutputs: { record } },
            { record, policiesAdded: [], policiesRemoved: [] },
        ],
        [
            "is the clusters that the program named as handed over",
            {
                oldInputs: { policyArns: [], handedOverClusterArns: ["a", "b"] },
                newInputs: { policyArns: [], handedOverClusterArns: ["b"] },
                oldOutputs: { record },
            },
            { record, policiesAdded: [], policiesRemoved: [], handedOverClusterArns: ["a", "b"] },
        ],
        [
            "is no list of them that is not known",
            {
                oldInputs: { policyArns: [], handedOverClusterArns: NOT_YET_KNOWN },
                newInputs: { policyArns: [] },
                oldOutputs: { record },
            },
            { record, policiesAdded: [], policiesRemoved: [] },
        ],
        [
            "is the subject of the last update, so that a change of the delivery shows",
            { oldInputs: { policyArns: [], subject }, newInputs: { policyArns: [] }, oldOutputs: { record } },
            { record, subject, policiesAdded: [], policiesRemoved: [] },
        ],
        [
            "is no subject that is not known",
            { oldInputs: { subject: NOT_YET_KNOWN }, newInputs: {}, oldOutputs: { record } },
            { record, policiesAdded: [], policiesRemoved: [] },
        ],
        ["is nothing without a record", { oldInputs: {}, newInputs: {}, oldOutputs: {} }, undefined],
        ["is nothing without outputs", { oldInputs: {}, newInputs: {}, oldOutputs: undefined }, undefined],
    ];
    for (const [what, change, former] of rows) {
        it(what, () => {
            deepStrictEqual(formerHandOver(change), former);
        });
    }
});
