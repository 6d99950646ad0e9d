import { parseRoleArn } from "../../documents/arn";
import {
    AUDIENCE_ANNOTATION,
    ROLE_ARN_ANNOTATION,
    SKIP_CONTAINERS_ANNOTATION,
    SKIP_WEBHOOK_LABEL,
} from "../../documents/serviceAccountAnnotations";
import { TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import { roleOfAddOn } from "../model/addOn";
import { carriesRole } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import { writesNetworkPolicyLogs } from "../model/networkPolicy";
import type { OtherDelivery } from "../model/otherDelivery";
import type { Preflight } from "../model/preflight";
import { distinctRefusals, type Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { isSameAccount, type Subject } from "../model/subject";
import type { ClusterSeen, DaemonSetSeen } from "../model/world";
import { unseenStep } from "./addOnSteps";
import { anotherComponent } from "./anotherComponent";
import { isOfEks } from "./delivery";
import { otherDeliveryRefusals } from "./otherDelivery";
import { cniPolicyArns } from "../model/record";
import { bootGap } from "./nodeBoot";
import { rolesToName } from "./nodeRolePolicies";
import { isBefore, podIdentityReasons } from "./podIdentityPreflight";
import { nodeRoleInUse } from "./podsOnNodeRoles";
import { unreadRegionRefusals } from "./unreadRegions";

/** Engine settings that disable the write-ahead record, or the order of deletions. */
const UNSAFE_SETTINGS = ["PULUMI_SKIP_CHECKPOINTS", "PULUMI_CONTINUE_ON_ERROR"];

/** Every reason to refuse before anything is changed. */
export function preflightRefusals(preflight: Preflight): Refusal[] {
    return distinctRefusals([
        ...engineReasons(preflight),
        ...clusterReasons(preflight),
        ...credentialSourceReasons(preflight),
        ...deliveryReasons(preflight),
        ...podIdentityReasons(preflight),
        ...templateReasons(preflight),
        ...settingReasons(preflight),
        ...familyReasons(preflight),
        ...versionReasons(preflight),
        ...injectionGuardReasons(preflight),
        ...nodeRoleReasons(preflight),
        ...bootReasons(preflight),
    ]);
}

function engineReasons({ environment }: Preflight): Refusal[] {
    return UNSAFE_SETTINGS.filter((name) => ["1", "true"].includes((environment[name] ?? "").toLowerCase())).map(
        (name) => refusals.unsafeEngine(name),
    );
}

/** The wrong cluster or the wrong account. */
function clusterReasons({ subject, tokenIssuer, callerAccount, world }: Preflight): Refusal[] {
    const account = parseRoleArn(subject.roleArn)?.accountId ?? "";
    const [trusted] = subject.issuers;
    return [
        ...(callerAccount === account ? [] : [refusals.wrongAccount(callerAccount, account)]),
        ...(trusted === undefined || tokenIssuer === undefined || tokenIssuer === trusted
            ? []
            : [refusals.wrongIssuer(tokenIssuer, trusted)]),
        ...(world.cluster.serviceAccount === undefined ? [refusals.serviceAccountMissing(subject)] : []),
        ...(world.cluster.daemonSet === undefined ? [refusals.daemonSetMissing(subject)] : []),
        ...serviceAccountReasons(subject, world.cluster),
    ];
}

/** The DaemonSet's pods use another service account, or other pods still use the one that the component leaves. */
function serviceAccountReasons(subject: Subject, cluster: ClusterSeen): Refusal[] {
    const { serviceAccountName = subject.serviceAccount.name } = cluster.daemonSet ?? {};
    const left = (subject.formerServiceAccounts ?? []).filter((account) =>
        (cluster.otherCarriers ?? []).some((pod) => isSameAccount(pod.serviceAccount, account)),
    );
    return [
        ...(serviceAccountName === subject.serviceAccount.name
            ? []
            : [refusals.serviceAccountNotUsed(subject, serviceAccountName)]),
        ...left.map((account) =>
            refusals.serviceAccountInUse(
                account,
                (cluster.otherCarriers ?? []).filter((pod) => isSameAccount(pod.serviceAccount, account)),
            ),
        ),
    ];
}

/** Another source already gives aws-node its credentials. */
function credentialSourceReasons({
    subject,
    world,
    otherDelivery,
    detachFromNodeRoles,
    overrideExistingServiceAccount: override,
    ownAssociation = false,
}: Preflight): Refusal[] {
    const owners = world.cluster.serviceAccount?.roleArnOwners ?? [];
    const component = anotherComponent(subject, world.cluster.serviceAccount);
    // The association of an approved role is the component's. If it has changed, the engine changes it back before a pod restarts.
    const others = ownAssociation ? withoutAssociations(otherDelivery) : otherDelivery;
    const elsewhere = otherDeliveryRefusals(subject, others, detachFromNodeRoles.length > 0, true);
    // The refusal for the add-on's role already says how to go on with the add-on as the owner.
    const saysAddOn = elsewhere.some(({ code }) => code === "add-on-owns-the-role");
    const otherOwners = owners.filter((owner) => owner !== subject.fieldManager && !(saysAddOn && isOfEks(owner)));
    return [
        ...elsewhere,
        ...(component === undefined ? [] : [refusals.anotherComponent(subject, component)]),
        ...(component !== undefined ||
        otherOwners.length === 0 ||
        override ||
        isAnnotated(subject, world.cluster) ||
        isLeftToItsWriter(subject, otherOwners)
            ? []
            : [refusals.annotationOwned(subject, otherOwners)]),
    ];
}

function withoutAssociations(seen: OtherDelivery | undefined): OtherDelivery | undefined {
    return seen && { ...seen, podIdentityRoleArns: [] };
}

/** With `external` the other writer changes the annotation. The add-on changes it if the component moves to it, or away from it. */
function isLeftToItsWriter({ delivery, addOnDelivered }: Subject, others: readonly string[]): boolean {
    const isOfThisAddOn = delivery === "eksAddon" || addOnDelivered === true;
    return delivery === "external" || (isOfThisAddOn && others.every(isOfEks));
}

/** The reasons why another writer, or the managed add-on, cannot deliver the role. */
function deliveryReasons(preflight: Preflight): Refusal[] {
    const { subject, world, rolesNotPassed = [], isApproved = false } = preflight;
    const { serviceAccount, pods } = world.cluster;
    const { addOn } = world.account;
    if (subject.delivery === undefined) {
        return [];
    }
    const isForAddOn = subject.delivery === "eksAddon";
    const unseen = isForAddOn ? unseenStep(subject, addOn) : undefined;
    const annotated = serviceAccount?.annotations[ROLE_ARN_ANNOTATION];
    const { roleArnSince = 0 } = serviceAccount ?? {};
    const carried = roleOfAddOn(addOn);
    const older = pods.filter((pod) => carriesRole(pod, subject) && pod.createdAt < roleArnSince);
    return [
        ...(unseen === undefined ? [] : [unseen.refusal]),
        ...(isApproved || carried === undefined || carried === annotated || !(isForAddOn || carried === subject.roleArn)
            ? []
            : [refusals.addOnDiffers(subject, carried, annotated)]),
        ...(isApproved || annotated !== subject.roleArn || older.length === 0
            ? []
            : [refusals.deliveredAfterPods(subject, older)]),
        ...(rolesNotPassed.length === 0
            ? []
            : [
                  subject.delivery === "podIdentity"
                      ? refusals.rolesNotPassedToPods(rolesNotPassed)
                      : refusals.rolesNotPassed(rolesNotPassed),
              ]),
    ];
}

/** A setting keeps the webhook from giving the role to the pods, or the pods from using it. */
function templateReasons({ subject, world, additionalPolicies, ownAssociation: isOwn = false }: Preflight): Refusal[] {
    const { serviceAccount, daemonSet, pods } = world.cluster;
    const audience = serviceAccount?.annotations[AUDIENCE_ANNOTATION] ?? TOKEN_AUDIENCE;
    const [other] = pods.flatMap(({ name, credentials }) =>
        credentials.kind === "other" || (credentials.kind === "containerCredentials" && !isOwn)
            ? [{ name, ...credentials }]
            : [],
    );
    const logs = writesNetworkPolicyLogs(daemonSet);
    return [
        ...(audience === TOKEN_AUDIENCE || subject.delivery === "podIdentity"
            ? []
            : [refusals.audience(subject, audience)]),
        ...skips(daemonSet).map((what) => refusals.webhookSkipped(what)),
        ...(other === undefined ? [] : [refusals.otherCredentials(subject, other)]),
        ...(logs && !additionalPolicies ? [refusals.nodeAgentLogs()] : []),
    ];
}

/** Later, it is a remaining step: pods that carry the role have lost nothing by this run. */
function settingReasons({ subject, world: { account }, keepsRole = false }: Preflight): Refusal[] {
    return account.settingGap === undefined || keepsRole
        ? []
        : [refusals.permissionsForSettings(subject, account.settingGap)];
}

function skips(daemonSet: DaemonSetSeen | undefined): string[] {
    return [
        ...(daemonSet?.templateLabels[SKIP_WEBHOOK_LABEL] === undefined ? [] : [`the label ${SKIP_WEBHOOK_LABEL}`]),
        // A run that moves the pods away from Pod Identity, and was killed, has left its own: the rollout removes it.
        ...(daemonSet?.templateAnnotations[SKIP_CONTAINERS_ANNOTATION] === undefined || daemonSet.skipsContainers
            ? []
            : [`the annotation ${SKIP_CONTAINERS_ANNOTATION}`]),
    ];
}

/** Without the cluster's name, the component itself cannot compare them. */
function familyReasons({ subject, otherDelivery }: Preflight): Refusal[] {
    const { clusterName = "", ipFamily } = otherDelivery ?? {};
    return ipFamily === undefined || ipFamily === subject.ipFamily
        ? []
        : [refusals.wrongIpFamily(clusterName, ipFamily, subject.ipFamily)];
}

function versionReasons({ subject, world, clusterVersion, injectionGuard }: Preflight): Refusal[] {
    const { major, minor } = clusterVersion;
    const version = `${String(major)}.${String(minor)}`;
    const older = (than: number) => major === 1 && minor < than;
    const image = world.cluster.daemonSet?.images["aws-node"] ?? "";
    const cni = /:v?(\d+)\.(\d+)\.(\d+)/.exec(image)?.slice(1).map(Number);
    const ipv6 = subject.ipFamily === "ipv6";
    return [
        ...(injectionGuard && older(30) ? [refusals.clusterTooOld(version, "1.30", "The injection guard")] : []),
        ...(ipv6 && older(21) ? [refusals.clusterTooOld(version, "1.21", "An IPv6 cluster")] : []),
        ...(ipv6 && cni !== undefined && isBefore(cni, [1, 10, 1]) ? [refusals.cniTooOld(cni.join("."))] : []),
    ];
}

function injectionGuardReasons({ subject, world, injectionGuard }: Preflight): Refusal[] {
    const { othersManagers } = world.cluster.injectionGuard;
    return injectionGuard && othersManagers !== undefined
        ? [refusals.injectionGuardOfOthers(subject, othersManagers)]
        : [];
}

/** Later, a role keeps the policies instead: a refusal would stop the repair of pods that have the role already. */
function bootReasons(preflight: Preflight): Refusal[] {
    const { subject, world, detachFromNodeRoles, namedBefore = [] } = preflight;
    return world.account.nodeRoles
        .filter(({ name, exists }) => exists && detachFromNodeRoles.includes(name) && !namedBefore.includes(name))
        .flatMap((role) => {
            const leaving = cniPolicyArns(role);
            const gap = leaving.length === 0 ? undefined : bootGap(role, world);
            return gap === undefined ? [] : [refusals.nodeRoleCannotBoot(subject, role.name, leaving, gap)];
        });
}

function nodeRoleReasons({ subject, world, detachFromNodeRoles }: Preflight): Refusal[] {
    const { nodeRoles } = world.account;
    const missing = detachFromNodeRoles.filter((name) => nodeRoles.some((role) => role.name === name && !role.exists));
    const used = rolesToName(world.account);
    const unnamed = used.filter((role) => !detachFromNodeRoles.includes(role));
    const { defaultPodsWithoutRole = [] } = world.cluster;
    const listed = nodeRoles.filter(({ name }) => detachFromNodeRoles.includes(name));
    const inUse = nodeRoleInUse(subject, listed, world);
    return [
        ...(missing.length === 0 ? [] : [refusals.nodeRoleMissing(missing, used)]),
        ...(detachFromNodeRoles.length > 0 && unnamed.length > 0
            ? [refusals.nodeRoleNotNamed(unnamed, detachFromNodeRoles)]
            : []),
        ...unreadRegionRefusals(world.account, detachFromNodeRoles),
        ...(detachFromNodeRoles.length > 0 && defaultPodsWithoutRole.length > 0
            ? [refusals.defaultPodsWithoutRole(subject, defaultPodsWithoutRole)]
            : []),
        ...(inUse === undefined ? [] : [inUse]),
    ];
}
