import { strictEqual } from "node:assert/strict";
import { turningOffPlan } from "../../../../components/delivery/turningOffPlan";

const live = { "eks-cni/delivered": "digest", "pulumi.com/skipAwait": "true" };
const template = (digest: string) => ({ template: { metadata: { annotations: { "eks-cni/delivered": digest } } } });
const END = "\n  [live-checks-off] The live checks end.";
const RESTART =
    "Plan for the cluster:\n  [restart] The pod template changes, so that the DaemonSet's rolling update restarts every pod once, within maxUnavailable. " +
    `No live check watches it. Under the update strategy OnDelete, no pod restarts by itself.${END}`;

describe("The plan of an update that turns the live checks off", () => {
    const rows: [
        string,
        Parameters<typeof turningOffPlan>[0],
        Parameters<typeof turningOffPlan>[1],
        string | undefined,
    ][] = [
        [
            "names the rolling update that the template starts",
            { metadata: { annotations: live } },
            { spec: template("digest") },
            RESTART,
        ],
        [
            "names it where the template had another digest",
            { metadata: { annotations: live }, spec: template("earlier") },
            { spec: template("digest") },
            RESTART,
        ],
        [
            "says that no pod restarts where the template stays",
            { metadata: { annotations: live }, spec: template("digest") },
            { spec: template("digest") },
            `Plan for the cluster:\n  [no-restart] No pod restarts.${END}`,
        ],
        [
            "is none without live checks before",
            { metadata: { annotations: {} }, spec: template("earlier") },
            { spec: template("digest") },
            undefined,
        ],
        ["is none of a patch that is new", undefined, { spec: template("digest") }, undefined],
    ];
    for (const [what, before, after, plan] of rows) {
        it(what, () => {
            strictEqual(turningOffPlan(before, after), plan);
        });
    }
});
