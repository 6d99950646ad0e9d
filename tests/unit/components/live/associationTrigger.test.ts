import { deepStrictEqual } from "node:assert/strict";
import { NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import { triggerOf } from "../../../../components/live/associationTrigger";

const known = {
    clusterName: "prod",
    serviceAccount: { namespace: "kube-system", name: "aws-node" },
    region: "eu-west-1",
};
const now = () => Date.UTC(2026, 0, 2);

describe("The trigger that replaces an association that is gone", () => {
    const rows: [string, object, boolean | undefined, string | null, number][] = [
        ["is the time of the run if EKS has none", known, false, "2026-01-02T00:00:00.000Z", 1],
        ["is null while EKS has one, whichever time the state has", known, true, null, 1],
        ["is null if the associations cannot be read", known, undefined, null, 1],
        [
            "is null, and asks nothing, if a preview does not know the cluster",
            { ...known, clusterName: NOT_YET_KNOWN },
            false,
            null,
            0,
        ],
        [
            "is null, and asks nothing, if a preview does not know the region",
            { ...known, region: NOT_YET_KNOWN },
            false,
            null,
            0,
        ],
        [
            "is null, and asks nothing, without the name of the cluster",
            { ...known, clusterName: undefined },
            false,
            null,
            0,
        ],
    ];
    for (const [what, values, answer, trigger, asked] of rows) {
        it(what, async () => {
            const questions: unknown[] = [];
            const ask = (question: unknown) => {
                questions.push(question);
                return Promise.resolve(answer);
            };
            deepStrictEqual(await triggerOf({ ...values }, ask, now), trigger);
            deepStrictEqual(questions, asked === 0 ? [] : [known]);
        });
    }
});
