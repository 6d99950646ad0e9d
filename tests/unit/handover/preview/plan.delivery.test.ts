import { match } from "node:assert/strict";
import type { World } from "../../../../handover/model/world";
import { planHandOver, type PlanInputs } from "../../../../handover/preview/plan";
import type { ServiceAccountSeen } from "../../../../handover/model/world";
import { addOn, eksAlone, external, missing, ofAddOn, ownedBy } from "../support/addOns";
import {
    ANNOTATE,
    canary,
    changes,
    GUARD,
    DETACH,
    handedOver,
    NOTHING,
    planInputs,
    refuses,
    table,
    WAVES,
} from "../support/plans";
import { passingPreflight, seen } from "../support/preflights";
import { CNI_POLICY, FORMER_ROLE, record, ROLE, ROLE_ARN, subject } from "../support/worlds";

const none = ownedBy([], [], {});
const formerOf = (...owners: string[]): ServiceAccountSeen => ownedBy(owners, owners, { [ROLE_ARN]: FORMER_ROLE });
const moves = [canary("pod-n1", "n1"), WAVES];
const GETS =
    "[add-on] Once every pod carries the role, the managed add-on vpc-cni gets it (UpdateAddon, without a change of its version or configuration). " +
    "The tool that manages the add-on must state the role, or its next update takes the role away. " +
    "In an aws.eks.Addon of this program, set serviceAccountRoleArn: cni.ready.";
const GIVES_UP = `[add-on] The managed add-on vpc-cni gives up ${FORMER_ROLE} before any pod moves. If the node roles do not hold the CNI policy, it keeps that role until every pod carries the new one.`;
const LEAVES =
    `[add-on] The managed add-on vpc-cni gives up ${ROLE}, and leaves the annotation to the component. A tool that still states this role gives ` +
    'it to the add-on again with its next update: remove the role there. In an aws.eks.Addon, set ignoreChanges: ["serviceAccountRoleArn"] instead until the next refresh, since it cannot remove a role.';
const ATTACHES = [
    `[attach] ${CNI_POLICY} is attached again to nodes, before the managed add-on gives up the role.`,
    "[attach] The update then waits 120 s until IAM enforces the attached policies.",
];
const awaits = (what: string, seconds = 1200) =>
    `[await-delivery] The update waits up to ${String(seconds)} s for another writer to deliver the role: ${what}.`;
const delivering = (addOnRoleArn: string | undefined) => ({
    otherDelivery: { addOnRoleArn, podIdentityRoleArns: [], unread: [] },
});
const told = { ...record, addOnDelivered: true };

table("The plan of a hand-over to the managed add-on", [
    [
        "has the annotation, the pods, and then the add-on",
        seen({ serviceAccount: none }, { addOn: addOn(), ...delivering(undefined) }),
        changes(ANNOTATE, ...moves, GETS, GUARD, DETACH),
        {},
        { subject: ofAddOn, ...delivering(undefined) },
    ],
    [
        "has the role of another owner, too",
        seen({ serviceAccount: formerOf("eks") }, { addOn: addOn(FORMER_ROLE), ...delivering(FORMER_ROLE) }),
        changes(ANNOTATE, ...moves, GIVES_UP, GETS, GUARD, DETACH),
        {},
        { subject: ofAddOn, ...delivering(FORMER_ROLE) },
    ],
    [
        "has no add-on that has the role",
        seen({ serviceAccount: eksAlone }, { addOn: addOn(ROLE), ...delivering(ROLE) }),
        changes(...moves, GUARD, DETACH),
        {},
        { subject: ofAddOn, ...delivering(ROLE) },
    ],
    [
        "needs the add-on",
        seen({ serviceAccount: none }, { addOn: missing }),
        refuses("add-on-missing"),
        {},
        { subject: ofAddOn },
    ],
    [
        "is over when all of it is so",
        handedOver({ serviceAccount: eksAlone }, { addOn: addOn(ROLE) }),
        NOTHING,
        { record: told, canaryActs: false },
        { subject: ofAddOn },
    ],
    [
        "says that the add-on gets the role again",
        handedOver({ serviceAccount: ownedBy([subject.fieldManager]) }, { addOn: addOn() }),
        changes(GETS),
        { record: told, canaryActs: false },
        { subject: ofAddOn },
    ],
]);

table("The plan of a hand-over from the managed add-on", [
    [
        "has the add-on without the role",
        handedOver({ serviceAccount: eksAlone }, { addOn: addOn(ROLE) }),
        changes(...ATTACHES, LEAVES, DETACH),
        { former: { record: told, policiesAdded: [], policiesRemoved: [] } },
        { subject: { ...subject, addOnDelivered: true as const } },
    ],
    [
        "attaches and detaches the policies also when the add-on has none",
        handedOver({}, { addOn: addOn() }),
        changes(...ATTACHES, DETACH),
        { former: { record: told, policiesAdded: [], policiesRemoved: [] } },
        { subject: { ...subject, addOnDelivered: true as const } },
    ],
]);

table("The plan of a hand-over that another writer delivers", [
    [
        "waits for it, and then moves the pods",
        seen({ serviceAccount: none }),
        changes(awaits("the service account has no role annotation"), ...moves, GUARD, DETACH),
        {},
        { subject: external },
    ],
    [
        "waits as long as the program says",
        seen({ serviceAccount: formerOf("helm") }),
        changes(
            awaits(`the service account is annotated with ${FORMER_ROLE}, which "helm" owns`, 60),
            ...moves,
            GUARD,
            DETACH,
        ),
        { deliverySeconds: 60 },
        { subject: external },
    ],
    [
        "does not wait for one that delivers it",
        seen({ serviceAccount: ownedBy(["helm"], []) }),
        changes(...moves, GUARD, DETACH),
        {},
        { subject: external },
    ],
    [
        "is refused in the plugin, where a resource of the program cannot deliver it in the same update",
        seen({ serviceAccount: none }),
        refuses("role-not-delivered"),
        { inPlugin: true },
        { subject: external },
    ],
    [
        "goes on in the plugin if one delivers it",
        seen({ serviceAccount: ownedBy(["helm"], []) }),
        changes(...moves, GUARD, DETACH),
        { inPlugin: true },
        { subject: external },
    ],
    [
        "is not refused in the plugin if the component annotates",
        seen({ serviceAccount: none }),
        changes(ANNOTATE, ...moves, GUARD, DETACH),
        { inPlugin: true },
        { subject },
    ],
]);

describe("The plan of a hand-over that a resource of the same program delivers through the plugin", () => {
    const fixOf = (of: World, more: Partial<PlanInputs>) => {
        const preflight = { ...passingPreflight, subject: external, world: of };
        return planHandOver({ ...planInputs, inPlugin: true, ...more, preflight })
            .refusals.map(({ fix }) => fix)
            .join();
    };
    const NOT_OFF = /Do not set liveChecks: false/;
    const AS_TEXT = new RegExp(`Or set serviceAccountRoleArn: ${ROLE} as text in this update`);
    const without = (text: RegExp) => new RegExp(`^(?!.*${text.source})`, "s");

    it("advises two updates in a new stack", () => {
        const fix = fixOf(seen({ serviceAccount: none }), {});
        match(fix, /Or run two updates: the first with liveChecks: false /);
        match(fix, without(NOT_OFF));
    });

    it("does not advise to turn the live checks off after an update that has ended with role-not-delivered", () => {
        const proved = { ...record, approvedRoleArns: [ROLE] };
        const former = { record: proved, policiesAdded: [], policiesRemoved: [] };
        for (const more of [{ record: proved }, { former }]) {
            const fix = fixOf(seen({ serviceAccount: none }), more);
            match(fix, without(/two updates/));
            match(fix, AS_TEXT);
            match(fix, NOT_OFF);
        }
    });

    it("does not advise it for another role, which is not proved yet", () => {
        const before = handedOver({ serviceAccount: formerOf("eks") });
        const other = { ...record, approvedRoleArns: [FORMER_ROLE] };
        for (const more of [{ former: { record: other, policiesAdded: [], policiesRemoved: [] } }, {}]) {
            const fix = fixOf(before, more);
            match(fix, without(/two updates/));
            match(fix, without(AS_TEXT));
            match(fix, NOT_OFF);
        }
    });
});
