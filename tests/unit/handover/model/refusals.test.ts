import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ManagedAddOn } from "../../../../handover/model/addOn";
import type { UnreadCall } from "../../../../handover/model/otherDelivery";
import { Refusal } from "../../../../handover/model/refusal";
import { refusals } from "../../../../handover/model/refusals";
import type { Subject } from "../../../../handover/model/subject";
import { withCredentials } from "../support/podIdentity";
import { SETTING_GAP } from "../support/settingGap";
import {
    BROAD_POLICY,
    carrying,
    CNI_POLICY,
    FORMER_ROLE,
    OTHER_POLICY,
    nodeRole,
    onNodeRole,
    otherAssociated,
    pod,
    podOnNodeRole,
    ROLE,
    serviceAccount,
    subject,
} from "../support/worlds";

const many = ["1", "2", "3", "4", "5", "6"];
const nodes = nodeRole();
const roles = [nodes, nodeRole({ name: "more" })];
const on = (partition: string, ipFamily: Subject["ipFamily"] = "ipv4"): Subject => ({
    ...subject,
    ipFamily,
    roleArn: `arn:${partition}:iam::111122223333:role/cni`,
});
const elsewhere: Subject = {
    ...subject,
    serviceAccount: { namespace: "network", name: "cni" },
    daemonSetName: "cni-pods",
};
const forAddOn: Subject = { ...elsewhere, delivery: "eksAddon" };
const associated: Subject = { ...elsewhere, delivery: "podIdentity", clusterName: "prod" };
const podMissingPermission = pod("n1", onNodeRole, { missingPermissions: "ec2:CreateTags denied." });

const other = (name: string, daemonSet?: string) => ({
    name,
    daemonSet,
    serviceAccount: elsewhere.serviceAccount,
    roleArns: [ROLE],
});
const unread = (action: string, cause: UnreadCall["cause"]): UnreadCall => ({ action, cause, why: `${action}: no.` });
const addOn: ManagedAddOn = {
    clusterName: "prod",
    status: "UPDATE_FAILED",
    roleArn: undefined,
    configurationValues: undefined,
    health: [],
    modifiedAt: undefined,
};

/** Examples of each refusal: with one name and with several, where the texts differ. */
const EXAMPLES: Record<keyof typeof refusals, Refusal[]> = {
    clusterChanged: [refusals.clusterChanged("recorded", "seen")],
    anotherClusterAnswers: [
        refusals.anotherClusterAnswers("one", "two", "prod"),
        refusals.anotherClusterAnswers("one", "two", undefined),
    ],
    turningOffInterrupted: [refusals.turningOffInterrupted()],
    turnedOffWhileDetached: [refusals.turnedOffWhileDetached(["nodes", "more"])],
    replacedAsTurnedOff: [refusals.replacedAsTurnedOff(FORMER_ROLE, ROLE)],
    formerRoleCarried: [refusals.formerRoleCarried([pod("n1", onNodeRole), pod("n2", onNodeRole)])],
    roleNotApproved: [refusals.roleNotApproved(ROLE)],
    handOverUnfinished: [refusals.handOverUnfinished(ROLE)],
    anotherCluster: [refusals.anotherCluster(elsewhere)],
    wrongIssuer: [refusals.wrongIssuer("theirs", "ours")],
    wrongAccount: [refusals.wrongAccount("111111111111", "222222222222")],
    serviceAccountMissing: [refusals.serviceAccountMissing(elsewhere)],
    daemonSetMissing: [refusals.daemonSetMissing(elsewhere)],
    annotationOwned: [["eksctl", "helm"], ["eks"]].map((owners) => refusals.annotationOwned(elsewhere, owners)),
    annotationOutlivesRole: [
        refusals.annotationOutlivesRole(elsewhere, ["eksctl"]),
        refusals.annotationOutlivesRole({ ...elsewhere, clusterName: "shop" }, ["eks"]),
    ],
    serviceAccountNotUsed: [refusals.serviceAccountNotUsed(elsewhere, "used")],
    serviceAccountInUse: [refusals.serviceAccountInUse(elsewhere.serviceAccount, [other("a"), other("b")])],
    carriedByOthers: [
        refusals.carriedByOthers([other("a", "old"), other("b", "old"), other("c", "older"), other("d")]),
        refusals.carriedByOthers([otherAssociated("a", 0)]),
    ],
    associatedOthers: [
        refusals.associatedOthers([other("a", "old"), other("d")]),
        refusals.associatedOthers([otherAssociated("a", 0), otherAssociated("b", 0, ROLE)]),
    ],
    anotherComponent: [refusals.anotherComponent(elsewhere, "eks-cni/a/b/c")],
    anotherInjectionGuard: [refusals.anotherInjectionGuard(elsewhere, "eks-cni-a-b-c-01234567")],
    injectionGuardOfOthers: [
        refusals.injectionGuardOfOthers(subject, ["kubectl-create", "argocd"]),
        refusals.injectionGuardOfOthers(subject, []),
    ],
    addOnHasRole: [refusals.addOnHasRole(FORMER_ROLE)],
    addOnKeepsRole: [refusals.addOnKeepsRole(ROLE)],
    addOnHasAnotherRole: [elsewhere, { ...elsewhere, clusterName: "shop" }].map((of) =>
        refusals.addOnHasAnotherRole(of, FORMER_ROLE),
    ),
    podIdentityAssociation: [
        refusals.podIdentityAssociation(elsewhere, [ROLE, FORMER_ROLE]),
        refusals.podIdentityAssociation({ ...elsewhere, clusterName: "shop" }, [ROLE]),
    ],
    podIdentityLater: [
        refusals.podIdentityLater(elsewhere, [ROLE, FORMER_ROLE], []),
        refusals.podIdentityLater({ ...elsewhere, clusterName: "shop" }, [ROLE], [pod("n1", onNodeRole)]),
        refusals.podIdentityLater(elsewhere, undefined, [pod("n1", onNodeRole), pod("n2", onNodeRole)]),
    ],
    clusterNameUnknown: [elsewhere, forAddOn].map((of) =>
        refusals.clusterNameUnknown("The name of the EKS cluster is unknown.", of),
    ),
    otherDeliveryDenied: [
        refusals.otherDeliveryDenied([unread("eks:DescribeAddon", "denied")], elsewhere),
        refusals.otherDeliveryDenied([unread("eks:DescribeAddon", "denied")], forAddOn),
        refusals.otherDeliveryDenied(
            [
                unread("eks:DescribeAddon", "denied"),
                unread("eks:ListPodIdentityAssociations", "denied"),
                unread("eks:DescribeAddon", "denied"),
            ],
            { ...elsewhere, addOnDelivered: true },
        ),
    ],
    otherDeliveryUnsupported: [
        ...[elsewhere, forAddOn].map((of) =>
            refusals.otherDeliveryUnsupported([unread("eks:ListPodIdentityAssociations", "unsupported")], of),
        ),
    ],
    otherCredentials: [
        refusals.otherCredentials(elsewhere, {
            name: "aws-node-1",
            kind: "other",
            what: "AWS_PROFILE of container aws-node",
        }),
        refusals.otherCredentials(elsewhere, {
            name: "aws-node-1",
            kind: "containerCredentials",
            what: "AWS_CONTAINER_CREDENTIALS_FULL_URI of container aws-node",
        }),
    ],
    webhookSkipped: [refusals.webhookSkipped("the label skip")],
    audience: [refusals.audience(elsewhere, "sts.amazonaws.com.cn")],
    nodeAgentLogs: [refusals.nodeAgentLogs()],
    permissionsForSettings: [
        refusals.permissionsForSettings(on("aws", "ipv6"), SETTING_GAP),
        refusals.permissionsForSettings(on("aws", "ipv6"), {
            ...SETTING_GAP,
            reasons: ["ENABLE_MULTI_NIC is true", "nodes are in subnet-1 with the tag kubernetes.io/role/cni: 0"],
            missing: ["ec2:AttachNetworkInterface"],
            unread: "AWS rejected iam:GetRole: not authorized.",
        }),
        refusals.permissionsForSettings(on("aws", "ipv6"), {
            ...SETTING_GAP,
            missing: ["ec2:AttachNetworkInterface"],
            overruling: [`${OTHER_POLICY} denies it`],
        }),
    ],
    cniTooOld: [refusals.cniTooOld("1.9.3")],
    clusterTooOld: [refusals.clusterTooOld("1.29", "1.30", "The injection guard")],
    unsafeEngine: ["PULUMI_SKIP_CHECKPOINTS", "PULUMI_CONTINUE_ON_ERROR"].map(refusals.unsafeEngine),
    nodeRoleUnknown: [refusals.nodeRoleUnknown("n1, n2")],
    nodeRoleNotNamed: [refusals.nodeRoleNotNamed(["more", "most"], ["nodes", "rest"])],
    nodeRoleMissing: [[], ["nodes", "more"]].map((used) => refusals.nodeRoleMissing(["gone", "lost"], used)),
    defaultPodsWithoutRole: [refusals.defaultPodsWithoutRole(elsewhere, many)],
    podsOnNodeRole: [
        refusals.podsOnNodeRole(subject, [podOnNodeRole("arm-1"), podOnNodeRole("arm-2")]),
        refusals.podsOnNodeRole(elsewhere, [podOnNodeRole("arm-1", true)]),
        refusals.podsOnNodeRole({ ...elsewhere, podIdentityDelivered: true }, [podOnNodeRole("arm-1", true)]),
        refusals.podsOnNodeRole(associated, [podOnNodeRole("arm-1", true)]),
    ],
    nodeRoleWithoutPermissions: [
        refusals.nodeRoleWithoutPermissions([nodes], on("aws-cn")),
        refusals.nodeRoleWithoutPermissions(roles, subject),
        refusals.nodeRoleWithoutPermissions(roles, on("aws", "ipv6")),
        refusals.nodeRoleWithoutPermissions([{ ...nodes, exists: false }], subject),
        refusals.nodeRoleWithoutPermissions([nodes, ...roles.map((role) => ({ ...role, exists: false }))], subject),
        refusals.nodeRoleWithoutPermissions(
            [nodes],
            { ...subject, delivery: "external" },
            "arn:aws:iam::111122223333:role/former",
        ),
    ],
    nodeRoleCannotBoot: [
        refusals.nodeRoleCannotBoot(subject, "nodes", [CNI_POLICY], {
            overruling: [],
            uncertain: [],
            isAllowed: false,
        }),
        refusals.nodeRoleCannotBoot(subject, "nodes", [CNI_POLICY, OTHER_POLICY], {
            overruling: [`${OTHER_POLICY} denies it`],
            uncertain: [],
            isAllowed: true,
        }),
    ],
    policyNotRecorded: [refusals.policyNotRecorded({ roleName: "nodes", policyArn: CNI_POLICY })],
    podsMissPermissions: [
        refusals.podsMissPermissions([podMissingPermission], ["n1 (subnet-0a)"], ROLE),
        refusals.podsMissPermissions(
            [podMissingPermission, pod("n2", onNodeRole, { missingPermissions: "another" })],
            ["n1 (subnet-0a)", "n2 (subnet-0b)"],
            ROLE,
        ),
    ],
    outdatedComplaint: [
        refusals.outdatedComplaint(refusals.podsMissPermissions([podMissingPermission], ["n1 (subnet-0a)"], ROLE)),
    ],
    restartLimitReached: [refusals.restartLimitReached(pod("n1", onNodeRole), 5, "pod-n1 carries no role of its own")],
    podsWithoutRole: [refusals.podsWithoutRole(many.map((name) => pod(name, onNodeRole)))],
    additionalIssuers: [refusals.additionalIssuers(["a", "b"])],
    roleNarrowed: [refusals.roleNarrowed(ROLE, ["it changes", "it is bounded"])],
    sharedRoleReplaced: [
        refusals.sharedRoleReplaced(ROLE, ["a", "b"]),
        refusals.sharedRoleReplaced(ROLE, ["a"], "Turn the live checks on again."),
    ],
    ownRoleAsExisting: [refusals.ownRoleAsExisting(ROLE)],
    ipFamilyNarrows: [refusals.ipFamilyNarrows([CNI_POLICY], ROLE, "ipv4", ["ec2:AssignPrivateIpAddresses"])],
    wrongIpFamily: [refusals.wrongIpFamily("prod", "ipv6", "ipv4")],
    policyStillNeeded: [true, false].map((logs) =>
        refusals.policyStillNeeded([OTHER_POLICY, BROAD_POLICY], ROLE, ["logs:PutLogEvents", "ec2:CreateTags"], logs),
    ),
    forceDestroyWithPods: [
        refusals.forceDestroyWithPods([pod("n1", onNodeRole)], true),
        refusals.forceDestroyWithPods(
            many.map((name) => pod(name, onNodeRole)),
            false,
        ),
    ],
    roleNotDelivered: [refusals.roleNotDelivered(subject, "the service account has no role annotation", 1200)],
    waitsAlone: [refusals.waitsAlone(subject, "the service account has no role annotation")],
    deliveryLost: [refusals.deliveryLost(elsewhere, "the service account has no role annotation")],
    deliveredAfterPods: [
        refusals.deliveredAfterPods(elsewhere, [pod("n1", carrying(ROLE)), pod("n2", carrying(ROLE))]),
    ],
    notInTheSameUpdate: (["never", "ran", "proved"] as const).map((liveChecks) =>
        refusals.notInTheSameUpdate(subject, liveChecks),
    ),
    roleStillDelivered: [["helm", "kubectl"], ["eks"], []].map((roleArnOwners) =>
        refusals.roleStillDelivered(elsewhere, { ...serviceAccount, roleArnOwners }, 1200),
    ),
    addOnStillHasRole: [refusals.addOnStillHasRole(subject, ROLE)],
    addOnMissing: [refusals.addOnMissing("prod")],
    addOnUpdateFailed: [
        refusals.addOnUpdateFailed(addOn, "the update u-1 is Failed: AccessDenied: no"),
        refusals.addOnUpdateFailed(
            { ...addOn, health: ["InsufficientNumberOfReplicas: 1", "Unknown"] },
            "it is Cancelled.",
        ),
    ],
    addOnBusy: [refusals.addOnBusy({ ...addOn, status: "UPDATING" }, 1200)],
    addOnDiffers: [
        refusals.addOnDiffers(subject, ROLE, undefined),
        refusals.addOnDiffers({ ...subject, clusterName: "shop" }, ROLE, FORMER_ROLE),
    ],
    rolesNotPassed: [refusals.rolesNotPassed([ROLE]), refusals.rolesNotPassed([ROLE, FORMER_ROLE])],
    timeout: [refusals.timeout("The hand-back", 30, "timeouts.handBackSeconds", "2 pods left")],
    cancelled: [refusals.cancelled()],
    canaryFailed: [refusals.canaryFailed("It crashed", "the rollout is taken back")],
    canaryStays: [refusals.canaryStays("It crashed")],
    waveFailed: [
        refusals.waveFailed([pod("n1", onNodeRole), pod("n2", onNodeRole)], ["n1 (subnet-0a)", "n2"], 300),
        refusals.waveFailed([pod("n1", withCredentials)], ["n1 (subnet-0a)"], 300),
    ],
    canaryMissing: [
        refusals.canaryMissing([pod("n1", onNodeRole)], ["n1 (subnet-0a)"]),
        refusals.canaryMissing([pod("n1", onNodeRole), pod("n2", onNodeRole)], ["n1 (subnet-0a)", "n2"]),
    ],
    placeUnusable: [
        refusals.placeUnusable([pod("n1", onNodeRole)], ["n1 (subnet-0a)"], ROLE, 300),
        refusals.placeUnusable([pod("n1", onNodeRole), pod("n2", onNodeRole)], ["n1 (subnet-0a)", "n2"], ROLE, 300),
        refusals.placeUnusable([pod("n1", withCredentials)], ["n1 (subnet-0a)"], ROLE, 300),
    ],
    waveStays: [refusals.waveStays(refusals.waveFailed([pod("n1", onNodeRole)], ["n1 (subnet-0a)"], 300))],
    formerCredentialsFail: [
        refusals.formerCredentialsFail([pod("n1", onNodeRole)], ["n1 (subnet-0a)"]),
        refusals.formerCredentialsFail([pod("n1", onNodeRole), pod("n2", onNodeRole)], ["n1 (subnet-0a)", "n2"]),
        refusals.formerCredentialsFail([pod("n1", carrying(FORMER_ROLE))], ["n1 (subnet-0a)"], FORMER_ROLE),
    ],
    podsDoNotStart: [
        refusals.podsDoNotStart(
            [
                pod("n1", onNodeRole, { startProblem: "container aws-node: ImagePullBackOff" }),
                pod("n2", onNodeRole, { startProblem: "Unschedulable" }),
            ],
            ["n1 (subnet-0a)", "n2"],
            subject.serviceAccount,
        ),
    ],
    rolloutTakenBack: [1, 12].map((working) =>
        refusals.rolloutTakenBack(
            refusals.waveFailed([pod("n1", onNodeRole)], ["n1 (subnet-0a)"], 300),
            working,
            "the rollout is taken back",
        ),
    ),
    rolesNotPassedToPods: [refusals.rolesNotPassedToPods([ROLE]), refusals.rolesNotPassedToPods([ROLE, FORMER_ROLE])],
    associationMissing: [
        refusals.associationMissing(associated, []),
        refusals.associationMissing(associated, [pod("n1", onNodeRole), pod("n2", onNodeRole)]),
    ],
    associationDiffers: [
        refusals.associationDiffers(associated, `the role ${FORMER_ROLE}, disableSessionTags`, false, false),
        refusals.associationDiffers(associated, "disabled session tags", false, true),
        refusals.associationDiffers(associated, `the role ${FORMER_ROLE}, a session policy`, true, false),
    ],
    associationOfAnother: [refusals.associationOfAnother(associated, { id: "a-1", roleArn: FORMER_ROLE }, "prod")],
    formerRoleAssociated: [
        refusals.formerRoleAssociated("pods do not start", FORMER_ROLE, "the rollout is taken back"),
    ],
    proofTakenBack: [FORMER_ROLE, undefined].map((arn) =>
        refusals.proofTakenBack(refusals.cancelled(), arn, "the rollout is taken back"),
    ),
    associationTakenBack: [refusals.associationTakenBack("the agent is away", "the rollout is taken back")],
    agentsMissing: [
        refusals.agentsMissing(associated, [{ name: "n1" }]),
        refusals.agentsMissing({ ...elsewhere, delivery: "podIdentity" }, [{ name: "n1" }, { name: "n2" }]),
    ],
    agentNotTolerating: [
        refusals.agentNotTolerating(associated, ["node.kubernetes.io/not-ready:NoSchedule"]),
        refusals.agentNotTolerating({ ...elsewhere, delivery: "podIdentity" }, [
            "team=a:NoSchedule",
            "startup:NoExecute",
        ]),
    ],
    agentWithoutRights: [refusals.agentWithoutRights(["nodes"]), refusals.agentWithoutRights(["nodes", "more"])],
    cniTooOldForPodIdentity: [refusals.cniTooOldForPodIdentity("1.15.4", "1.15.5")],
    clusterTooOldForPodIdentity: [refusals.clusterTooOldForPodIdentity("Kubernetes 1.23", "Kubernetes 1.24")],
    deliveryNotChanged: [refusals.deliveryNotChanged(associated, "eksAddon", "podIdentity")],
    accountNotChanged: [refusals.accountNotChanged(associated)],
    formerRoleLost: [
        refusals.formerRoleLost(subject, FORMER_ROLE),
        refusals.formerRoleLost({ ...subject, delivery: "eksAddon" }, FORMER_ROLE),
    ],
    associationNotLeft: [
        refusals.associationNotLeft(associated, []),
        refusals.associationNotLeft(associated, [pod("n1", onNodeRole)]),
    ],
    alreadyAnnotated: [refusals.alreadyAnnotated(associated, FORMER_ROLE)],
    nodeRolesFail: [
        refusals.nodeRolesFail([pod("n1", onNodeRole)], ["n1"]),
        refusals.nodeRolesFail([pod("n1", onNodeRole), pod("n2", onNodeRole)], ["n1", "n2"]),
    ],
    proofFailed: [
        ...["denied", "denied."].map((why) => refusals.proofFailed({ code: "trust-refused", why }, subject)),
        refusals.proofFailed({ code: "sts-region-inactive", why: "off", fix: "Switch it on." }, subject),
        refusals.proofFailed({ code: "trust-refused", why: "denied" }, associated),
    ],
};

/** The messages as users read them, so that a change of a message is visible in a diff. */
const EXPECTED_MESSAGES = JSON.parse(
    readFileSync(join(__dirname, "../../../fixtures/handover/refusals.json"), "utf8"),
) as unknown;

describe("The refusals", () => {
    it("say code, what was seen, what it means and what fixes it, in these words", () => {
        deepStrictEqual(
            Object.fromEntries(
                Object.entries(EXAMPLES).map(([name, examples]) => [
                    name,
                    examples.map(({ code, seen, means, fix }) => ({ code, seen, means, fix })),
                ]),
            ),
            EXPECTED_MESSAGES,
        );
    });

    it("are one message, under a name of their own, without a stack that would bury it", () => {
        const refusal = new Refusal("code", "Seen.", "Means.", "Fix.");
        strictEqual(refusal.name, "Refusal");
        strictEqual(refusal.message, "[code] Seen. Means. Fix.");
        strictEqual(refusal.stack, refusal.message);
    });
});
