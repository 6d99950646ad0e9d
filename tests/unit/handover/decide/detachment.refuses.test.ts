import { addOn, external } from "../support/addOns";
import { verified, refuse, right, table, wait } from "../support/detachments";
import {
    attach,
    CNI_POLICY,
    FORMER_ROLE,
    otherCarrier,
    node,
    NOW,
    onNodeRole,
    otherNode,
    pod,
    podOnNodeRole,
    pods,
    record,
    memoryWith,
    nodeRole,
    ROLE,
    ROLE_ARN,
    seconds,
    serviceAccount,
    starting,
    subject,
} from "../support/worlds";

const onOtherNodes = { nodeRoles: [nodeRole({ instancesOfCluster: ["i-n1", "i-n2", "i-n3", "i-n4"] })] };

const nothingElse = { addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] };
const unreadCall = { action: "eks:DescribeAddon", cause: "denied", why: "Denied." } as const;

table("The run ends", [
    [
        "on another cluster",
        verified({ uid: "another" }),
        refuse(
            "cluster-changed",
            "The kubeconfig points to a cluster whose kube-system namespace has the UID another. The hand-over began on the cluster with the UID cluster.",
        ),
    ],
    [
        "without the DaemonSet",
        verified({ daemonSet: undefined }),
        refuse("daemon-set-missing", "There is no DaemonSet kube-system/aws-node."),
    ],
    [
        "without the service account",
        verified({ serviceAccount: undefined }),
        refuse("service-account-missing", "There is no service account kube-system/aws-node."),
    ],
    [
        "when a pod with the role reports a refused call",
        verified({ pods: pods(right, pod("n2", right, { missingPermissions: "no DescribeSubnets" })) }),
        refuse(
            "pod-misses-permissions",
            `The pod pod-n2 on n2 carries ${ROLE} and reports in an event: no DescribeSubnets`,
        ),
    ],
    [
        "when one that is not Ready does",
        verified({ pods: pods(right, pod("n2", right, { ...starting, missingPermissions: "no" })) }),
        refuse("pod-misses-permissions", `The pod pod-n2 on n2 carries ${ROLE} and reports in an event: no`),
    ],
    [
        "when it did after the role was proved again",
        verified({
            pods: pods(right, pod("n2", right, { missingPermissions: "no", missingPermissionsAt: seconds(-10) })),
        }),
        refuse("pod-misses-permissions", `The pod pod-n2 on n2 carries ${ROLE} and reports in an event: no`),
        { provedAt: seconds(-10) },
    ],
    [
        "when the time of its report is not known",
        verified({ pods: pods(right, pod("n2", right, { missingPermissions: "no" })) }),
        refuse("pod-misses-permissions", `The pod pod-n2 on n2 carries ${ROLE} and reports in an event: no`),
        { provedAt: seconds(-10) },
    ],
    [
        "when pods of another DaemonSet carry a role that is about to be deleted",
        verified({ otherCarriers: [otherCarrier("arm-1", FORMER_ROLE), otherCarrier("arm-2", ROLE)] }),
        refuse("role-still-carried", "Other pods carry a role that is about to be deleted: arm-1."),
        { record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] } },
    ],
    [
        "on that also where nothing is detached",
        verified({ otherCarriers: [otherCarrier("arm-1", FORMER_ROLE)] }),
        refuse("role-still-carried", "Other pods carry a role that is about to be deleted: arm-1."),
        { record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] }, detachFromNodeRoles: undefined },
    ],
    [
        "when another owner has written the annotation",
        verified({
            serviceAccount: {
                ...serviceAccount,
                annotations: { [ROLE_ARN]: "other" },
                roleArnOwners: [subject.fieldManager, "helm"],
            },
        }),
        refuse("annotation-owned-by-another", 'The role annotation of kube-system/aws-node belongs to "helm".'),
    ],
    [
        "when the role of a node is unknown",
        verified({}, { roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes" } }),
        refuse("node-role-unknown", "The roles of these nodes are unknown: n3."),
    ],
    [
        "when a node is no instance",
        verified({ nodes: [node("n1"), node("n2"), node("n3", { instanceId: undefined })] }),
        refuse("node-role-unknown", "The roles of these nodes are unknown: n3."),
    ],
    [
        "when a node has a role that is not named",
        verified({}, { roleOfInstance: { "i-n1": "nodes", "i-n2": "more", "i-n3": "more" } }),
        refuse(
            "node-role-not-named",
            "Nodes of this cluster use these node roles, which detachFromNodeRoles does not list: more. It lists: nodes.",
        ),
    ],
    [
        "when a region could not be read",
        verified({}, { unreadRegions: [{ region: "eu-north-1", cause: "other", answer: "Denied." }] }),
        refuse("aws-region-refused", "The instances in these regions could not be listed: eu-north-1 (Denied)."),
    ],
    [
        "when a region is denied in which IAM saw the role used last",
        verified(
            {},
            {
                unreadRegions: [{ region: "eu-north-1", cause: "serviceControlPolicy", answer: "Denied." }],
                nodeRoles: [nodeRole({ lastUsedIn: ["eu-north-1"] })],
            },
        ),
        refuse(
            "aws-region-refused",
            "A service control policy denies ec2:DescribeInstances where IAM saw a node role used last: nodes in eu-north-1.",
        ),
    ],
    [
        "when kube-system/aws-node uses the permissions of the role as well",
        verified({ defaultPodsWithoutRole: ["aws-node-1"] }),
        refuse(
            "node-role-in-use",
            "Besides kube-system/aws-node, the DaemonSet kube-system/aws-node runs pods that have no role of their own: aws-node-1.",
        ),
    ],
    [
        "when another DaemonSet of the plugin uses the permissions of the role on other nodes",
        verified({ otherNodes: [otherNode(podOnNodeRole("arm-1"))] }, onOtherNodes),
        refuse(
            "node-role-in-use",
            "On nodes that kube-system/aws-node does not select, the DaemonSet kube-system/aws-node-arm runs pods that have no role of their own: arm-1.",
        ),
    ],
    [
        "when it has the same service account, so that a restart gives the role to its pods",
        verified({ otherNodes: [otherNode(podOnNodeRole("arm-1", true))] }, onOtherNodes),
        refuse(
            "node-role-in-use",
            "On nodes that kube-system/aws-node does not select, the DaemonSet kube-system/aws-node-arm runs pods that have no role of their own: arm-1.",
        ),
    ],
    [
        "when the add-on has another role",
        verified({}, { otherDelivery: { ...nothingElse, addOnRoleArn: FORMER_ROLE } }),
        refuse("add-on-owns-the-role", `The managed add-on vpc-cni gives aws-node the role ${FORMER_ROLE}.`),
    ],
    [
        "when there is a Pod Identity association",
        verified({}, { otherDelivery: { ...nothingElse, podIdentityRoleArns: [ROLE] } }),
        refuse("pod-identity-association", `The service account has a Pod Identity association with ${ROLE}.`),
    ],
    [
        "when EKS did not show them",
        verified({}, { otherDelivery: { ...nothingElse, unread: [unreadCall] } }),
        refuse("other-delivery-unread", "AWS rejected eks:DescribeAddon: Denied."),
    ],
    [
        "when the name of the cluster is unknown",
        verified({}, { otherDelivery: { ...nothingElse, clusterNameUnknown: "No name." } }),
        refuse("cluster-name-unknown", "No name."),
    ],
    [
        "when a policy is not recorded",
        verified(),
        refuse("policy-not-recorded", `${CNI_POLICY} was attached to nodes after the hand-over began.`),
        { record: { ...record, nodeRolePolicies: {} } },
    ],
    [
        "when a pod was restarted five times without success",
        verified({ pods: pods(right, pod("n2", onNodeRole)) }),
        refuse(
            "restart-limit",
            "The pod on node n2 was restarted 5 times, and the problem remains: pod-n2 carries no role of its own.",
        ),
        {},
        memoryWith({ restarts: { n2: 5 } }),
    ],
    [
        "when pods without the role appear again and again",
        verified({ pods: pods(right, pod("n2", onNodeRole)) }),
        refuse("pods-without-role", "Pods without the role keep appearing: pod-n2."),
        {},
        memoryWith({ restores: 4, attachedAt: NOW, attached: attach("nodes") }),
    ],
]);

/** \`external\`: another writer delivers the role, and the add-on may have one of before, which is deleted once the pods are verified. */
const formerIn = (roleArn: string, more = {}) => verified({}, { addOn: addOn(roleArn, more) });
const byWriter = {
    subject: external,
    record: { ...record, approvedRoleArns: [FORMER_ROLE, ROLE] },
    detachFromNodeRoles: undefined,
};
const long = memoryWith({ startedAt: seconds(-30) });
const stillHas = wait(`the managed add-on still has ${FORMER_ROLE}, which is about to be deleted`);

table("A managed add-on", [
    [
        "may not keep a role of before, which EKS would write again",
        formerIn(FORMER_ROLE),
        refuse("add-on-owns-the-role", `The managed add-on vpc-cni gives aws-node the role ${FORMER_ROLE}.`),
        byWriter,
        long,
    ],
    [
        "is waited for while EKS may not show its next role yet",
        formerIn(FORMER_ROLE),
        stillHas,
        byWriter,
        memoryWith({ startedAt: seconds(-29) }),
    ],
    ["is waited for while EKS changes it", formerIn(FORMER_ROLE, { status: "UPDATING" }), stillHas, byWriter, long],
    ["may have the present role", formerIn(ROLE), { do: "done", why: "3 pods carry the role" }, byWriter, long],
    [
        "may have a role of another owner if nothing is detached",
        formerIn("arn:aws:iam::111122223333:role/theirs"),
        { do: "done", why: "3 pods carry the role" },
        byWriter,
        long,
    ],
]);
