import type { OtherDelivery, UnreadCall } from "../../../../handover/model/otherDelivery";
import { Reason, table, withServiceAccount } from "../support/preflights";
import { FORMER_ROLE, MANAGER, REGIONAL, ROLE, ROLE_ARN, subject } from "../support/worlds";

const delivery: OtherDelivery = { addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] };
const denied: UnreadCall = { action: "eks:DescribeAddon", cause: "denied", why: "Denied." };
const unread = { otherDelivery: { ...delivery, unread: [denied] } };
const unnamed = { otherDelivery: { ...delivery, clusterNameUnknown: "No name." } };
const nothingDetached = { detachFromNodeRoles: [] };
const owned = (...owners: string[]) =>
    withServiceAccount({ annotations: { [ROLE_ARN]: FORMER_ROLE }, roleArnOwners: owners });
const belongsTo = (owners: string): Reason => [
    "annotation-owned-by-another",
    `The role annotation of kube-system/aws-node belongs to ${owners}.`,
];
const another: Reason = [
    "another-component",
    "Another CniServiceAccountRole annotates kube-system/aws-node: eks-cni/a/b/c (project, stack and name).",
];
const override = { overrideExistingServiceAccount: true };
const addOn: Reason = ["add-on-owns-the-role", `The managed add-on vpc-cni gives aws-node the role ${FORMER_ROLE}.`];
const same = (annotations: Record<string, string>) => withServiceAccount({ annotations, roleArnOwners: ["eksctl"] });
const twoWanted = { ...subject, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "true" } };

table("Other writers", [
    ["are none where the add-on has no role", { otherDelivery: delivery }, []],
    ["are refused where the add-on has one", { otherDelivery: { ...delivery, addOnRoleArn: FORMER_ROLE } }, [addOn]],
    [
        "are refused where the add-on has one, with the override too",
        { ...override, otherDelivery: { ...delivery, addOnRoleArn: FORMER_ROLE } },
        [addOn],
    ],
    [
        "are refused where there are Pod Identity associations",
        { otherDelivery: { ...delivery, podIdentityRoleArns: ["a", "b"] } },
        [["pod-identity-association", "The service account has a Pod Identity association with a, b."]],
    ],
    [
        "are none where the add-on has the component's own role",
        { otherDelivery: { ...delivery, addOnRoleArn: ROLE } },
        [],
    ],
    [
        "are refused where they could not be read",
        unread,
        [["other-delivery-unread", "AWS rejected eks:DescribeAddon: Denied."]],
    ],
    ["may be unread where nothing is detached", { ...unread, ...nothingDetached }, []],
    ["are refused where the cluster's name is unknown", unnamed, [["cluster-name-unknown", "No name."]]],
    ["may be unknown where nothing is detached", { ...unnamed, ...nothingDetached }, []],
    ["are not we ourselves", owned(MANAGER), []],
    ["are refused by name", owned("eksctl"), [belongsTo('"eksctl"')]],
    [
        "are refused in addition to the component itself",
        owned(MANAGER, "eksctl", "helm"),
        [belongsTo('"eksctl", "helm"')],
    ],
    ["are taken over from where that is said", { ...owned("eksctl"), ...override }, []],
    ["are refused when they are another component", owned("eks-cni/a/b/c"), [another]],
    ["are refused when one of them is another component", owned("eksctl", "eks-cni/a/b/c"), [another]],
    ["are not taken over from when they are another component", { ...owned("eks-cni/a/b/c"), ...override }, [another]],
    ["are another component only by the start of the name", owned("my-eks-cni/a"), [belongsTo('"my-eks-cni/a"')]],
    ["may say the same", same({ [ROLE_ARN]: ROLE, other: "1" }), []],
    [
        "are refused when they say the same in part",
        { ...same({ [ROLE_ARN]: ROLE }), subject: twoWanted },
        [belongsTo('"eksctl"')],
    ],
    ["may say all of the same", { ...same(twoWanted.annotations), subject: twoWanted }, []],
]);
