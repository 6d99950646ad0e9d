import { deepStrictEqual } from "node:assert/strict";
import { releaseAnnotationStep } from "../../../../handover/decide/releaseAnnotation";
import type { Memory, Step } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import { addOn } from "../support/addOns";
import { associated, record, seen, unannotated, withCredentials } from "../support/podIdentity";
import { fresh, FORMER_ROLE, MANAGER, NOW, ROLE_ARN, subject } from "../support/worlds";

const told = { ...record, approvedRoleArns: [FORMER_ROLE, associated.roleArn], addOnDelivered: true };
const target = { subject: associated, record: told, deliverySeconds: 60 };
const annotatedBy = (...owners: string[]) => ({
    serviceAccount: { ...unannotated, annotations: { [ROLE_ARN]: FORMER_ROLE }, roleArnOwners: owners },
});
const verified = (account: Partial<World["account"]>, cluster: Partial<World["cluster"]> = {}) =>
    seen(withCredentials, { cluster, account });
const ended = (ago: number, isSuccessful = true): Memory => ({
    ...fresh,
    startedAt: NOW - ago,
    addOnUpdate: { roleArn: undefined, at: NOW - ago, isSuccessful, why: "the update u-1 is Failed" },
});

/** Without the details of a request, and with the code of a refusal. */
function outcome(step: Step | undefined): string | undefined {
    if (step === undefined) {
        return undefined;
    }
    switch (step.do) {
        case "refuse":
            return `refuse: ${step.refusal.code}`;
        case "updateAddOn":
            return `update to ${String(step.update.roleArn)}: ${step.why}`;
        case "wait":
            return `wait: ${step.why}`;
        default:
            return step.do;
    }
}

describe("The role of before, once each pod has the credentials of the association", () => {
    const rows: [string, World, string | undefined, Memory?, Partial<typeof target>?][] = [
        [
            "leaves the managed add-on",
            verified({ addOn: addOn(FORMER_ROLE) }, annotatedBy("eks")),
            `update to undefined: the managed add-on gives up ${FORMER_ROLE}`,
        ],
        [
            "leaves it also if one role trusts both",
            verified({ addOn: addOn(associated.roleArn) }),
            `update to undefined: the managed add-on gives up ${associated.roleArn}`,
        ],
        [
            "waits for an add-on that EKS is changing",
            verified({ addOn: addOn(FORMER_ROLE, { status: "UPDATING" }) }),
            "wait: the managed add-on is UPDATING",
            { ...fresh, startedAt: NOW },
        ],
        [
            "stops if EKS does not say what the add-on has",
            verified({ addOn: { is: "unnamed", why: "no name." } }),
            "refuse: cluster-name-unknown",
        ],
        [
            "stops if the update has failed",
            verified({ addOn: addOn(FORMER_ROLE) }),
            "refuse: add-on-update-failed",
            ended(5000, false),
        ],
        [
            "is given time to leave the service account",
            verified({ addOn: addOn() }, annotatedBy("eks")),
            "wait: the managed add-on has given up the role: waiting until EKS removes the annotation",
            ended(29_999),
        ],
        [
            "is removed from the service account if EKS has left it",
            verified({ addOn: addOn() }, annotatedBy("eks")),
            "removeRole",
            ended(30_000),
        ],
        [
            "is removed if the add-on was deleted and has left it",
            verified({ addOn: { is: "missing", clusterName: "prod" } }, annotatedBy("eks")),
            "removeRole",
            { ...fresh, startedAt: NOW - 30_000 },
        ],
        [
            "is released by the component, if it owns it, too",
            verified({ addOn: addOn() }, annotatedBy("eks", MANAGER)),
            "releaseServiceAccount",
        ],
        [
            "stops the run if another owner keeps it",
            verified({ addOn: addOn() }, annotatedBy("eks", "helm")),
            "refuse: annotation-owned-by-another",
        ],
        [
            "stops the run if EKS keeps it, and the component has told no add-on",
            verified({ addOn: addOn() }, annotatedBy("eks")),
            "refuse: annotation-owned-by-another",
            fresh,
            { record: { ...told, addOnDelivered: false } },
        ],
        [
            "is not looked for in an add-on that the component has never told a role",
            verified({ addOn: addOn(FORMER_ROLE) }),
            undefined,
            fresh,
            { record: { ...told, addOnDelivered: undefined as unknown as boolean } },
        ],
        ["is not looked for if this look has not read the add-on", verified({}), undefined],
        [
            "is given time from the update of the add-on on, not from the start of a longer run",
            verified({ addOn: addOn() }, annotatedBy("eks")),
            "wait: the managed add-on has given up the role: waiting until EKS removes the annotation",
            { ...ended(29_999), startedAt: NOW - 300_000 },
        ],
        [
            "is gone with the service account",
            verified({ addOn: addOn(FORMER_ROLE) }, { serviceAccount: undefined }),
            undefined,
        ],
        ["is gone", verified({ addOn: addOn() }), undefined],
        [
            "is another party's in the add-on",
            verified({ addOn: addOn("arn:aws:iam::111122223333:role/theirs") }),
            undefined,
        ],
    ];
    for (const [title, world, expected, memory = fresh, more = {}] of rows) {
        it(title, () => {
            deepStrictEqual(outcome(releaseAnnotationStep({ ...target, ...more }, world, memory)), expected);
        });
    }

    it("stays with every other delivery", () => {
        const world = verified({ addOn: addOn(FORMER_ROLE) }, annotatedBy("eks"));
        deepStrictEqual(
            [subject, { ...subject, delivery: "eksAddon" as const }].map((one) =>
                releaseAnnotationStep({ ...target, subject: one }, world, fresh),
            ),
            [undefined, undefined],
        );
    });
});
