import { WAKE_MARK_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { listNames } from "../model/listNames";
import type { LeftBehind } from "../model/formerDetachment";
import type { Refusal } from "../model/refusal";
import { freshMemory } from "../model/steps";
import type { AccountSeen, ClusterSeen, World } from "../model/world";
import { byWebIdentity } from "./admittedRoles";
import { hasContainerCredentials, ownAssociationRefusal } from "./association";
import { complains, withoutComplaints } from "./complaints";
import { DeliveryTarget, hasDelivery } from "./delivered";
import { DetachmentTarget, nextDetachmentStep, refusedComplaint } from "./detachment";
import {
    annotationFindings,
    Finding,
    injectionGuardFindings,
    podFindings,
    refusedFindings,
    tellAll,
    templateFindings,
} from "./driftFindings";
import { leftNodeRoles } from "./leftBehind";
import { isRecorded, NodeRoleTarget, policiesToDetach } from "./nodeRolePolicies";
import { associationStep } from "./otherDelivery";
import { remainingSteps, rolesIn } from "./remainingSteps";
import { isShared, rolesKept } from "./sharedNodeRoles";

/** All that differs in the pods, and in the credentials that new pods get: the canary tells it. Undefined if all is as the last update left it. */
export function rolloutDrift(target: DeliveryTarget, cluster: ClusterSeen, at: number): string | undefined {
    // Whether another party's association still exists is not known here.
    const mayStop = target.subject.delivery !== "podIdentity" && cluster.pods.some(hasContainerCredentials);
    return cluster.uid === target.record.clusterUid
        ? tellAll(deliveryFindings(target, { cluster, at }, mayStop))
        : undefined;
}

/**
 * The same with the delivery `podIdentity`, where the account tells which role the pods have. If the association does not give them the component's role,
 * that is all there is to say about the pods: the next update first changes it back.
 */
export function associationDrift(target: DeliveryTarget, world: World): string | undefined {
    const refusal = ownAssociationRefusal(target.subject, world);
    if (world.cluster.uid !== target.record.clusterUid) {
        return undefined;
    }
    return refusal === undefined
        ? rolloutDrift(target, world.cluster, world.at)
        : tellAll([refusalFinding(refusal), ...unlessItStops(true, refusedFindings(target, world.cluster, world.at))]);
}

/**
 * The pods that a repair may have left: an earlier refresh found drift, and no update has finished since. They carry the role, so they are no
 * drift by themselves, but no run has seen them work. Undefined if there are none.
 */
export function unfinishedRepair({ record }: DeliveryTarget, { uid, nodes, pods }: ClusterSeen): string | undefined {
    const responding = new Set(nodes.filter(({ ready }) => ready).map(({ name }) => name));
    const left = pods.filter(({ ready, terminating, node }) => !ready && !terminating && responding.has(node));
    return left.length === 0 || uid !== record.clusterUid
        ? undefined
        : tellAll([
              {
                  seen: `Since the last refresh, no update has seen these pods work, and they are not Ready: ${listNames(left)}.`,
                  mends: "finishes the repair",
              },
          ]);
}

/** @param isAssociated Whether a Pod Identity association stops the rollout. */
function deliveryFindings(
    target: DeliveryTarget & { readonly provedAt?: number },
    { cluster, at }: Pick<World, "cluster" | "at">,
    isAssociated: boolean,
): Finding[] {
    // A rollout stops at a complaint before it restarts a pod.
    const complaining = cluster.pods.some((pod) => hasDelivery(pod, target) && complains(pod, target));
    return [
        ...annotationFindings(target.subject, cluster),
        ...templateFindings(cluster),
        // Without the component's association, no pod has its role.
        ...(isAssociated && target.subject.delivery === "podIdentity"
            ? []
            : unlessItStops(complaining || isAssociated, podFindings(target, cluster))),
        ...unlessItStops(isAssociated, refusedFindings(target, cluster, at)),
    ];
}

/**
 * Everything that differs from what the last update left, as a refresh shows it, with the command that repairs it. Undefined if nothing does.
 *
 * A pod that is starting and a node that is NotReady differ from nothing: the cluster repairs them by itself.
 */
export function driftOf(lastTarget: DetachmentTarget, world: World, left: LeftBehind): string | undefined {
    const target = { ...lastTarget, leftBefore: leftNodeRoles(left, lastTarget.handedOverClusterArns) };
    const { cluster } = world;
    const complaint = refusedComplaint(target, world);
    // A complaint, or a guard to create, would hide the other reason for which the next update refuses.
    const seen = withGuard(withoutComplaints(world), target);
    const step = nextDetachmentStep({ ...target, stableSeconds: 0 }, seen, freshMemory(world.at));
    const refusal = step.do === "refuse" ? step.refusal : undefined;
    if (cluster.uid !== target.record.clusterUid || cluster.daemonSet === undefined) {
        return refusal?.seen;
    }
    // The rollout refuses for it before anything else. The detachment first attaches policies for a pod without the role.
    const associated = associationStep(target.subject, world);
    const association = associated?.do === "refuse" ? associated.refusal : undefined;
    const stops =
        complaint !== undefined ||
        association !== undefined ||
        (refusal !== undefined && !REPAIRED.includes(refusal.code));
    const delivery = deliveryFindings(target, world, association !== undefined);
    const findings = [
        ...delivery,
        // The rollout comes before the injection guard.
        ...unlessItStops(association !== undefined && delivery.length > 0, injectionGuardFindings(target, cluster)),
        ...unlessItStops(stops, [
            ...attachedFindings(target, world, left),
            ...detachedSinceFindings(target, world, left),
            ...remainingFindings(target, world, left),
        ]),
        ...(cluster.daemonSet.woken
            ? [
                  {
                      seen: `The DaemonSet still has the annotation ${WAKE_MARK_ANNOTATION} of a run that was stopped.`,
                      mends: "removes this annotation",
                  },
              ]
            : []),
    ];
    const others = refusal?.code === association?.code ? [association] : [association, refusal];
    const untold = [complaint, ...others].flatMap((reason) =>
        reason === undefined || TOLD.includes(reason.code) ? [] : [refusalFinding(reason)],
    );
    return tellAll([...untold, ...findings]);
}

/** Other resources of the same update repair these before the detachment looks. */
const REPAIRED = ["annotation-owned-by-another", "pods-without-role", "policy-not-recorded"];

/** The findings say the same. */
const TOLD = [...REPAIRED, "service-account-missing"];

/** As after the update has created the injection guard. That of another party stays. */
function withGuard(world: World, { subject, injectionGuard }: DetachmentTarget): World {
    const { cluster } = world;
    const { roleArns = byWebIdentity(subject), otherExpressions, othersManagers } = cluster.injectionGuard;
    const created = { present: true, inForce: true, roleArns, ...(otherExpressions && { otherExpressions }) };
    return !injectionGuard || othersManagers !== undefined
        ? world
        : { ...world, cluster: { ...cluster, injectionGuard: created } };
}

/** The last steps of the update, which it does not reach if it stops before. */
function unlessItStops(stops: boolean, findings: readonly Finding[]): readonly Finding[] {
    return stops ? findings.map(({ seen }) => ({ seen })) : findings;
}

/** A reason for which the next update would refuse comes first, with its way out. */
function refusalFinding({ seen, means, fix }: Refusal): Finding {
    return { seen: `${seen} ${means} ${fix}` };
}

/** The policies that are attached to the listed node roles. The remaining steps name the roles that keep theirs. */
function attachedFindings(
    target: DetachmentTarget,
    world: World,
    { detachedFrom, remainingSteps: before }: LeftBehind,
): Finding[] {
    const { detachFromNodeRoles = [], handedOverClusterArns = [] } = target;
    const now = rolesKept(target, world, freshMemory(world.at)).map(({ role }) => role.name);
    const kept = [...rolesIn(before, "attachedAgain"), ...now];
    // A refresh looks into the other regions only if the last update left a role attached because of its instances elsewhere.
    const unless = (name: string) =>
        handedOverClusterArns.length === 0 ? "" : `, unless instances of another cluster use ${name}`;
    return world.account.nodeRoles
        .filter(({ name, exists }) => exists && detachFromNodeRoles.includes(name) && !kept.includes(name))
        .flatMap(policiesToDetach)
        .map(({ roleName, policyArn }) => ({
            seen: detachedFrom.includes(roleName)
                ? `${policyArn} is attached to ${roleName} again. If a program attaches it (aws.iam.RolePolicyAttachment), ` +
                  "remove that resource from the program, or each update undoes the other's work."
                : `${policyArn} is attached to ${roleName}.`,
            mends: `detaches ${policyArn} from ${roleName}${unless(roleName)}`,
        }));
}

/** The listed node roles that kept their policies at the last update. */
function keptIn(before: readonly string[]): readonly string[] {
    const all = ["usedElsewhere", "attachedAgain", "unproved"] as const;
    return all.flatMap((why) => rolesIn(before, why));
}

/** The node roles that kept their policies at the last update, and have lost them since: to the run of the last cluster that shares them. */
function detachedSinceFindings(
    target: DetachmentTarget,
    { account }: World,
    { remainingSteps: before }: LeftBehind,
): Finding[] {
    return account.nodeRoles
        .filter((role) => role.exists && keptIn(before).includes(role.name) && policiesToDetach(role).length === 0)
        .map(({ name }) => ({
            seen: `${name} no longer holds the policy: another run has detached it.`,
            mends: "updates the outputs detachedFrom and remainingSteps",
        }));
}

/** The steps that were not left to do after the last update, for example for a node role that has joined since. */
function remainingFindings(target: DetachmentTarget, world: World, { remainingSteps: before }: LeftBehind): Finding[] {
    // Which clusters share a role, and with which instances, changes by itself.
    const isKept = (line: string) => keptIn([line]).some((name) => keptIn(before).includes(name));
    return world.cluster.nodes.length === 0
        ? []
        : remainingSteps(target, world)
              .filter((line) => !before.includes(line) && !isNamed(line, before) && !isKept(line))
              .map((line) => ({
                  seen: line.replace(/^\[[a-z-]+\] /, "").replace(/\.?$/, "."),
                  mends: "updates the output remainingSteps",
              }));
}

/** Whether a step that lists node roles lists none that is new: a node role may have no nodes for a while, and roles have no fixed order. */
function isNamed(line: string, before: readonly string[]): boolean {
    const known = before.filter((old) => old.startsWith(DETACH_STEP)).flatMap(quotedNames);
    return line.startsWith(DETACH_STEP) && quotedNames(line).every((name) => known.includes(name));
}

const DETACH_STEP = "[detach] ";

const quotedNames = (line: string) => [...line.matchAll(/"([^"]+)"/g)].map(([, name]) => name);

/**
 * Why the next update has to write the record: a node role has a policy that the hand-over detaches and that is not recorded. Undefined
 * if there is none.
 */
export function unrecordedPolicies(target: NodeRoleTarget, { nodeRoles }: AccountSeen): string | undefined {
    const { record, detachFromNodeRoles = [] } = target;
    const unrecorded = nodeRoles
        .filter(({ name, exists }) => exists && detachFromNodeRoles.includes(name))
        .flatMap((role) => policiesToDetach(role).map((policy) => ({ ...policy, role })))
        .filter((policy) => !isRecorded(record, policy));
    return unrecorded.length === 0
        ? undefined
        : unrecorded
              .map(
                  ({ roleName, policyArn, role }) =>
                      `${policyArn} was attached to ${roleName} after the hand-over began. Run pulumi up --refresh: it records this policy` +
                      (isShared(role) || record.detachedBefore?.[roleName] !== undefined
                          ? "."
                          : ", and then detaches it."),
              )
              .join(" ");
}
