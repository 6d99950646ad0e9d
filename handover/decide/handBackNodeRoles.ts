import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf } from "../model/carriedRole";
import { recordedNotAttached } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, RolePolicy, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { AccountSeen, ClusterSeen, NodeRoleSeen, PodSeen, World } from "../model/world";
import { isAnotherComponents } from "./anotherComponent";
import { attachStep, hasPropagated, isOwnAndIdle, missingPolicies, propagationStep, toAttach } from "./giveBack";
import { carries, type HandBackTarget, isOwnedByComponent, retiredRoles } from "./handBackTarget";
import { insufficientNodeRoles } from "./insufficientNodeRoles";
import { holdsPermissions, policiesNeeded, rolesOf, unknownRoleStep } from "./nodeRolePolicies";
import { mayHavePods, returningNodes } from "./returningNodes";
import { isShared } from "./sharedNodeRoles";

/**
 * Before the injection guard goes: from then on a pod that the webhook has missed uses its node role. The detachment has attached the
 * policies, unless a destroy that was killed has deleted it before. It knows nothing of those that another cluster's run had detached.
 */
export function giveBackStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { record, iamPropagationSeconds } = target;
    const relies = world.cluster.injectionGuard.present && record.namedNodeRoles.length > 0;
    return (
        attachAgain(target, world, memory) ??
        attachForOthers(target, world, memory) ??
        (relies && !hasPropagated(memory) ? propagationStep(iamPropagationSeconds) : undefined)
    );
}

export function attachAgain(target: HandBackTarget, { account, cluster, at }: World, memory: Memory): Step | undefined {
    const { record, subject } = target;
    if (isAnotherComponents(subject, retiredRoles(target), cluster)) {
        return undefined;
    }
    return attachRecorded(missingPolicies(record, record.namedNodeRoles, account, memory), memory, at);
}

function attachRecorded(missing: readonly RolePolicy[], memory: Memory, at: number): Step | undefined {
    const roles = [...new Set(missing.map(({ roleName }) => roleName))].join(", ");
    return missing.length === 0
        ? undefined
        : attachStep(missing, memory, at, `attaching the recorded policies again to ${roles}`);
}

/**
 * Attaches the policies that another cluster's run has detached from a shared node role: this component has never seen them attached, or
 * its program does not list the role. The pods that return to the role need them.
 */
function attachForOthers(target: HandBackTarget, { cluster, account, at }: World, memory: Memory): Step | undefined {
    const { record } = target;
    const listed = account.nodeRoles.filter(
        (role) => role.exists && record.namedNodeRoles.includes(role.name) && !isOwnAndIdle(record, role),
    );
    const missing = [
        ...listed.flatMap((role) => policiesNeeded(record, role)),
        ...sharedAndUnlisted(target, cluster, account)
            .filter((role) => !holdsPermissions(role, []))
            .flatMap((role) => [...recordedNotAttached(record, role), ...policiesNeeded(record, role)]),
    ];
    return attachRecorded(toAttach(missing, memory), memory, at);
}

/** The node roles of this cluster that other clusters share, and that the program does not list. */
function sharedAndUnlisted({ record }: HandBackTarget, { nodes }: ClusterSeen, account: AccountSeen): NodeRoleSeen[] {
    return rolesOf(nodes, account).filter(
        (role) => role.exists && isShared(role) && !record.namedNodeRoles.includes(role.name),
    );
}

export function nodeRolesStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { cluster, account } = world;
    const moves = cluster.pods.some((pod) => carries(target)(pod) || losesItsAnnotation(target, cluster, pod));
    if (moves && !hasFormerRole(target, cluster)) {
        const unsafe = attachForOthers(target, world, memory) ?? unsafeNodeRolesStep(target, world, memory);
        if (unsafe !== undefined) {
            return unsafe;
        }
    }
    // A pod that is created without the guard, or without the annotation, uses the node role like a pod that is restarted.
    const relies = moves || cluster.injectionGuard.present || hasComponentAnnotation(target.subject, cluster);
    // A run that was killed may have attached the policies just before.
    const unlisted = hasFormerRole(target, cluster) ? [] : sharedAndUnlisted(target, cluster, account);
    const mayBeNew = target.record.namedNodeRoles.length + unlisted.length > 0;
    return relies && mayHavePods(cluster) && mayBeNew && !hasPropagated(memory)
        ? propagationStep(target.iamPropagationSeconds)
        : undefined;
}

/**
 * With `external`, only the other writer restores the former role, unless the component still has an annotation of its own. The hand-back waits until
 * that writer no longer delivers the present role, and it may take the annotation away instead: pods use the node roles then. So the former role
 * counts only once it is there.
 */
function hasFormerRole({ formerAnnotations, subject }: HandBackTarget, cluster: ClusterSeen): boolean {
    const { [ROLE_ARN_ANNOTATION]: former } = formerAnnotations;
    const { [ROLE_ARN_ANNOTATION]: annotated } = cluster.serviceAccount?.annotations ?? {};
    const isRestored =
        subject.delivery !== "external" || annotated === former || hasComponentAnnotation(subject, cluster);
    return former !== undefined && isRestored;
}

/**
 * Whether a pod carries a role that the component has annotated, and this record does not know: `--replace` has made another credential
 * guard, which has moved the pods. The rolling update would restart them without a role.
 */
function losesItsAnnotation({ subject }: HandBackTarget, { serviceAccount }: ClusterSeen, pod: PodSeen): boolean {
    const roleArn = serviceAccount?.annotations[ROLE_ARN_ANNOTATION];
    return (
        serviceAccount !== undefined &&
        roleArn !== undefined &&
        isOwnedByComponent(subject, serviceAccount) &&
        carriesAnyOf(pod, [roleArn])
    );
}

function hasComponentAnnotation(subject: Subject, { serviceAccount }: ClusterSeen): boolean {
    return serviceAccount !== undefined && isOwnedByComponent(subject, serviceAccount);
}

/** A pod that restarts on a node whose role lacks the CNI's permissions would have no path. */
function unsafeNodeRolesStep(target: HandBackTarget, world: World, memory: Memory): Step | undefined {
    const { record, subject, formerAnnotations } = target;
    const { account } = world;
    const { nodes } = returningNodes(target, world, memory);
    // The next pods of nodes that the hand-back does not wait for use their roles, too.
    const insufficient = insufficientNodeRoles(record, world, memory);
    return (
        unknownRoleStep(nodes, account) ??
        (insufficient.length === 0
            ? undefined
            : {
                  do: "refuse",
                  refusal: refusals.nodeRoleWithoutPermissions(
                      insufficient,
                      subject,
                      formerAnnotations[ROLE_ARN_ANNOTATION],
                  ),
              })
    );
}
