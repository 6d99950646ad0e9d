import { deepStrictEqual } from "node:assert/strict";
import { otherDeliveryRefusals } from "../../../../handover/decide/otherDelivery";
import type { OtherDelivery, UnreadCall } from "../../../../handover/model/otherDelivery";
import type { Refusal } from "../../../../handover/model/refusal";
import { refusals } from "../../../../handover/model/refusals";
import { FORMER_ROLE, ROLE, subject } from "../support/worlds";

const nothing: OtherDelivery = { addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] };
const denied: UnreadCall = { action: "eks:DescribeAddon", cause: "denied", why: "No." };
const deniedToo: UnreadCall = { action: "eks:ListPodIdentityAssociations", cause: "denied", why: "No." };
const unsupported: UnreadCall = { action: "eks:ListPodIdentityAssociations", cause: "unsupported", why: "What?" };
const named = { ...subject, clusterName: "prod" };

/** What refuses a run that detaches, and a run that does not. */
const rows: [string, OtherDelivery | undefined, Refusal[], Refusal[]][] = [
    ["none before EKS was asked", undefined, [], []],
    ["none where there is no other source", nothing, [], []],
    ["none where the add-on has the component's role", { ...nothing, addOnRoleArn: ROLE }, [], []],
    [
        "the add-on with another role",
        { ...nothing, addOnRoleArn: FORMER_ROLE },
        [refusals.addOnHasRole(FORMER_ROLE)],
        [refusals.addOnHasRole(FORMER_ROLE)],
    ],
    [
        "an association, even one with the component's role, with commands for the cluster that was found",
        { ...nothing, clusterName: "prod", podIdentityRoleArns: [ROLE] },
        [refusals.podIdentityAssociation(named, [ROLE])],
        [refusals.podIdentityAssociation(named, [ROLE])],
    ],
    [
        "a name that is unknown, for a detachment",
        { ...nothing, clusterNameUnknown: "Unknown." },
        [refusals.clusterNameUnknown("Unknown.", subject)],
        [],
    ],
    [
        "calls that are denied, for a detachment, together",
        { ...nothing, unread: [denied, deniedToo] },
        [refusals.otherDeliveryDenied([denied, deniedToo], subject)],
        [],
    ],
    [
        "calls that EKS does not support, for a detachment, apart from those that are denied",
        { ...nothing, unread: [unsupported, denied] },
        [refusals.otherDeliveryDenied([denied], subject), refusals.otherDeliveryUnsupported([unsupported], subject)],
        [],
    ],
    [
        "a source that was found, beside a call that was not answered",
        { ...nothing, addOnRoleArn: FORMER_ROLE, unread: [deniedToo] },
        [refusals.addOnHasRole(FORMER_ROLE), refusals.otherDeliveryDenied([deniedToo], subject)],
        [refusals.addOnHasRole(FORMER_ROLE)],
    ],
];

const messages = (refused: readonly Refusal[]) => refused.map(({ message }) => message);

describe("Other sources of credentials that refuse a run:", () => {
    for (const [what, seen, detaching, otherwise] of rows) {
        it(what, () => {
            deepStrictEqual(messages(otherDeliveryRefusals(subject, seen, true)), messages(detaching));
            deepStrictEqual(messages(otherDeliveryRefusals(subject, seen, false)), messages(otherwise));
        });
    }

    it("an association on the cluster that the program names, where EKS was not asked by another name", () => {
        const seen = { ...nothing, podIdentityRoleArns: [ROLE] };
        deepStrictEqual(
            messages(otherDeliveryRefusals(named, seen, true)),
            messages([refusals.podIdentityAssociation(named, [ROLE])]),
        );
    });

    it("the add-on with another role, unless the run moves the pods away from it", () => {
        const ofAddOn = { ...subject, delivery: "eksAddon" as const };
        const seen = { ...nothing, addOnRoleArn: FORMER_ROLE };
        const refused = messages([refusals.addOnHasRole(FORMER_ROLE)]);
        deepStrictEqual(messages(otherDeliveryRefusals(ofAddOn, seen, true)), refused);
        deepStrictEqual(messages(otherDeliveryRefusals(ofAddOn, seen, true, true)), []);
        deepStrictEqual(messages(otherDeliveryRefusals({ ...subject, addOnDelivered: true }, seen, true, true)), []);
        deepStrictEqual(messages(otherDeliveryRefusals(subject, seen, true, true)), refused);
    });
});
