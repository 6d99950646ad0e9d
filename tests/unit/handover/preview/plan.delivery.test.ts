import type { ServiceAccountSeen } from "../../../../handover/model/world";
import { addOn, eksAlone, external, missing, ofAddOn, ownedBy } from "../support/addOns";
import { ANNOTATE, canary, changes, DETACH, handedOver, NOTHING, refuses, table, WAVES } from "../support/plans";
import { seen } from "../support/preflights";
import { CNI_POLICY, FORMER_ROLE, record, ROLE, ROLE_ARN, subject } from "../support/worlds";

const none = ownedBy([], [], {});
const formerOf = (...owners: string[]): ServiceAccountSeen => ownedBy(owners, owners, { [ROLE_ARN]: FORMER_ROLE });
const moves = [canary("pod-n1", "n1"), WAVES];
const GETS =
    "[add-on] Once every pod carries the role, the managed add-on vpc-cni gets it (UpdateAddon; its version and its configuration stay as they are). " +
    "An aws.eks.Addon that does not state the role takes it away with its next update: add serviceAccountRoleArn: cni.ready there.";
const GIVES_UP = `[add-on] The managed add-on vpc-cni gives up ${FORMER_ROLE}: before a pod moves if the node roles hold the CNI policy, otherwise once every pod carries the role.`;
const LEAVES =
    `[add-on] The managed add-on vpc-cni gives up ${ROLE}, and leaves the annotation to the component. An aws.eks.Addon that states this role gives ` +
    "it to the add-on again with its next update: remove serviceAccountRoleArn there.";
const ATTACHES = [
    `[attach] ${CNI_POLICY} is attached again to nodes, before the managed add-on gives up the role.`,
    "[attach] The update then waits 120 s until IAM enforces the attached policies.",
];
const awaits = (what: string, seconds = 1200) =>
    `[await-delivery] The update waits for up to ${String(seconds)} s until another writer delivers the role: ${what}.`;
const delivering = (addOnRoleArn: string | undefined) => ({
    otherDelivery: { addOnRoleArn, addOn: true, podIdentityRoleArns: [], unread: [] },
});
const told = { ...record, addOnDelivered: true };

table("The plan of a hand-over to the managed add-on", [
    [
        "has the annotation, the pods, and then the add-on",
        seen({ serviceAccount: none }, { addOn: addOn(), ...delivering(undefined) }),
        changes(ANNOTATE, ...moves, GETS, DETACH),
        {},
        { subject: ofAddOn, ...delivering(undefined) },
    ],
    [
        "has the role of another owner, too",
        seen({ serviceAccount: formerOf("eks") }, { addOn: addOn(FORMER_ROLE), ...delivering(FORMER_ROLE) }),
        changes(ANNOTATE, ...moves, GIVES_UP, GETS, DETACH),
        {},
        { subject: ofAddOn, ...delivering(FORMER_ROLE) },
    ],
    [
        "has no add-on that has the role",
        seen({ serviceAccount: eksAlone }, { addOn: addOn(ROLE), ...delivering(ROLE) }),
        changes(...moves, DETACH),
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
        changes(awaits("the service account has no role annotation"), ...moves, DETACH),
        {},
        { subject: external },
    ],
    [
        "waits as long as the program says",
        seen({ serviceAccount: formerOf("helm") }),
        changes(
            awaits(`the service account is annotated with ${FORMER_ROLE}, which "helm" owns`, 60),
            ...moves,
            DETACH,
        ),
        { deliverySeconds: 60 },
        { subject: external },
    ],
    [
        "does not wait for one that delivers it",
        seen({ serviceAccount: ownedBy(["helm"], []) }),
        changes(...moves, DETACH),
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
        changes(...moves, DETACH),
        { inPlugin: true },
        { subject: external },
    ],
    [
        "is not refused in the plugin if the component annotates",
        seen({ serviceAccount: none }),
        changes(ANNOTATE, ...moves, DETACH),
        { inPlugin: true },
        { subject },
    ],
]);
