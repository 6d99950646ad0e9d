import type { AddOnSeen } from "../../../../handover/model/addOn";
import type { OtherDelivery } from "../../../../handover/model/otherDelivery";
import type { Preflight } from "../../../../handover/model/preflight";
import type { PodSeen, ServiceAccountSeen } from "../../../../handover/model/world";
import {
    addOn,
    EKS,
    eksAlone,
    external,
    LEFT,
    missing,
    ofAddOn,
    ownedBy,
    unnamed,
    unreadAddOn,
} from "../support/addOns";
import { Reason, seen, table } from "../support/preflights";
import { carrying, FORMER_ROLE, MANAGER, onNodeRole, pod, ROLE, ROLE_ARN, seconds, subject } from "../support/worlds";

const none = ownedBy([], [], {});
const formerOf = (...owners: string[]): ServiceAccountSeen => ownedBy(owners, owners, { [ROLE_ARN]: FORMER_ROLE });
const other = (addOnRoleArn: string | undefined): OtherDelivery => ({
    addOnRoleArn,
    podIdentityRoleArns: [],
    unread: [],
});

function given(
    who: Preflight["subject"],
    serviceAccount: ServiceAccountSeen,
    of: AddOnSeen | undefined,
    more: Partial<Preflight> = {},
    pods?: PodSeen[],
): Partial<Preflight> {
    const account = of === undefined ? {} : { addOn: of };
    const otherDelivery = of?.is === "there" ? other(of.roleArn) : undefined;
    const cluster = { serviceAccount, ...(pods === undefined ? {} : { pods }) };
    return { subject: who, world: seen(cluster, account), otherDelivery, ...more };
}

const carried = [pod("n1", carrying(ROLE), { createdAt: seconds(-100) }), pod("n2", onNodeRole)];
const written = (at: number): ServiceAccountSeen => ({ ...eksAlone, roleArnSince: seconds(at) });
const differs = (what: string): Reason => [
    "role-not-delivered",
    `The managed add-on vpc-cni has the role ${FORMER_ROLE}, and the service account ${what}.`,
];
const older: Reason = [
    "role-not-delivered",
    `These pods carry ${ROLE}, but are older than the annotation that names it: pod-n1.`,
];
const belongsTo = (owners: string): Reason => [
    "annotation-owned-by-another",
    `The role annotation of kube-system/aws-node belongs to ${owners}.`,
];
const has: Reason = ["add-on-owns-the-role", `The managed add-on vpc-cni gives aws-node the role ${FORMER_ROLE}.`];
const told = { ...subject, addOnDelivered: true as const };
const approved = { isApproved: true };

table("The managed add-on as the delivery", [
    ["may have no role yet", given(ofAddOn, none, addOn()), []],
    [
        "may have another role, which the service account has as well",
        given(ofAddOn, formerOf(EKS), addOn(FORMER_ROLE)),
        [],
    ],
    ["may have the role already", given(ofAddOn, eksAlone, addOn(ROLE)), []],
    [
        "must not differ from the service account",
        given(ofAddOn, eksAlone, addOn(FORMER_ROLE)),
        [differs(`is annotated with ${ROLE}`)],
    ],
    ["must have written its role", given(ofAddOn, none, addOn(FORMER_ROLE)), [differs("has no role")]],
    ["may differ amid the component's own moves", given(ofAddOn, none, addOn(FORMER_ROLE), approved), []],
    [
        "must exist",
        given(ofAddOn, none, missing),
        [["add-on-missing", "The cluster prod has no managed add-on vpc-cni."]],
    ],
    [
        "must be known by name",
        given(ofAddOn, none, unnamed),
        [["cluster-name-unknown", "The name of the EKS cluster is unknown."]],
    ],
    [
        "must be readable",
        given(ofAddOn, none, unreadAddOn("denied")),
        [["other-delivery-unread", "AWS rejected eks:DescribeAddon: no"]],
    ],
    [
        "may own the annotation with what a hand-back has left",
        given(ofAddOn, formerOf(EKS, LEFT), addOn(FORMER_ROLE)),
        [],
    ],
    ["may share the annotation with the component", given(ofAddOn, formerOf(EKS, MANAGER), addOn(FORMER_ROLE)), []],
    [
        "must not share it with another owner",
        given(ofAddOn, formerOf(EKS, "helm"), addOn(FORMER_ROLE)),
        [belongsTo('"eks", "helm"')],
    ],
    [
        "is refused with another one where the component annotates",
        given(subject, formerOf(EKS), addOn(FORMER_ROLE)),
        [has],
    ],
    [
        "is refused apart from another owner where the component annotates",
        given(subject, formerOf(EKS, "helm"), addOn(FORMER_ROLE)),
        [has, belongsTo('"helm"')],
    ],
    [
        "is refused as the owner where its role is not known to be another one",
        given(subject, formerOf(EKS), addOn()),
        [belongsTo('"eks"')],
    ],
    ["may be left by the component that gave it the role", given(told, formerOf(EKS), addOn(FORMER_ROLE)), []],
    [
        "must be passed its roles",
        given(ofAddOn, none, addOn(), { rolesNotPassed: [FORMER_ROLE] }),
        [
            [
                "add-on-update-failed",
                `The identity that the live checks use may not pass ${FORMER_ROLE} to EKS (iam:PassRole).`,
            ],
        ],
    ],
    ["must not be younger than its pods", given(ofAddOn, written(-50), addOn(ROLE), {}, carried), [older]],
    ["may be as old as its pods", given(ofAddOn, written(-100), addOn(ROLE), {}, carried), []],
    [
        "may be younger after the component's own hand-over",
        given(ofAddOn, written(-50), addOn(ROLE), approved, carried),
        [],
    ],
    [
        "may be younger than pods that do not carry the role",
        given(ofAddOn, written(-50), addOn(ROLE), {}, [pod("n1", onNodeRole, { createdAt: seconds(-100) })]),
        [],
    ],
]);

table("Another writer as the delivery", [
    ["may not have written yet", given(external, none, undefined), []],
    ["may have written another role, which it is to change", given(external, formerOf("helm"), undefined), []],
    ["may be the managed add-on, with another role", given(external, formerOf(EKS), addOn(FORMER_ROLE)), []],
    ["may be missing as an add-on", given(external, none, missing), []],
    ["may be unread as an add-on", given(external, none, unreadAddOn("denied")), []],
    ["may have written the role already", given(external, ownedBy(["helm"], []), undefined), []],
    [
        "must not be an add-on with the role, while the service account has another one",
        given(external, formerOf("helm"), addOn(ROLE)),
        [
            [
                "role-not-delivered",
                `The managed add-on vpc-cni has the role ${ROLE}, and the service account is annotated with ${FORMER_ROLE}.`,
            ],
        ],
    ],
    ["must not be younger than its pods", given(external, written(-50), addOn(ROLE), {}, carried), [older]],
    [
        "may be younger than pods of another role",
        given(external, { ...formerOf("helm"), roleArnSince: seconds(-50) }, undefined, {}, carried),
        [],
    ],
    [
        "must not be another component",
        given(external, formerOf("eks-cni/a/b/c"), undefined),
        [
            [
                "another-component",
                "Another CniServiceAccountRole annotates kube-system/aws-node: eks-cni/a/b/c (project, stack and name).",
            ],
        ],
    ],
]);

table("The component's own annotation", [
    [
        "may be younger than its pods",
        given(subject, { ...written(-50), roleArnOwners: [MANAGER] }, undefined, {}, carried),
        [],
    ],
    ["needs no add-on", given(subject, none, missing), []],
]);
