import { listTexts } from "../model/listNames";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { Memory, Step } from "../model/steps";
import type { ClusterSeen, NodeRoleSeen, UnjoinedInstance, World } from "../model/world";
import type { DetachmentTarget } from "./detachmentTarget";
import { awaitAgentsStep } from "./agents";
import { howManyCarry } from "./fleet";
import { SHOWN_AFTER_MILLISECONDS } from "./giveBack";
import { HeldUp } from "./heldUp";
import { isRecorded, policiesLost, policiesToDetach, rolesToName, unknownRoleStep } from "./nodeRolePolicies";
import { otherDeliveryRefusals } from "./otherDelivery";
import { describeUndecided, nodeRoleInUse, undecidedNodes } from "./podsOnNodeRoles";
import { rolesKept } from "./sharedNodeRoles";
import { describeInstance, joiningInstances, unjoinedInstances } from "./unjoined";
import { unreadRegionRefusals } from "./unreadRegions";

/** Detaches the policies, and then watches the pods. */
export function detachStep(
    target: DetachmentTarget,
    named: readonly string[],
    world: World,
    memory: Memory,
    { fleet, holding }: HeldUp,
): Step {
    const { account, cluster, at } = world;
    const kept = rolesKept(target, world, memory).map(({ role }) => role.name);
    const roles = account.nodeRoles.filter(
        ({ name, exists }) => exists && named.includes(name) && !kept.includes(name),
    );
    const policies = roles.flatMap(policiesToDetach);
    if (policies.length === 0) {
        const result = describeResult(named, kept);
        // IAM enforces the detachment with a delay, and a pod may have been starting meanwhile.
        const watched = watchedSince(target, roles, memory) + target.stableSeconds * 1000 - at;
        return watched > 0
            ? { do: "wait", why: `${result}; watching the pods for ${String(target.stableSeconds)} s` }
            : ((kept.length === 0 ? undefined : injectionGuardStep(target, cluster)) ?? {
                  do: "done",
                  why: `${howManyCarry(fleet)}; ${result}`,
              });
    }
    const unjoined = unjoinedInstances(roles, cluster);
    const unrecorded = policies.find((policy) => !isRecorded(target.record, policy));
    return (
        unknownRoleStep(holding, account) ??
        otherUsersStep(target, named, roles, world) ??
        awaitAgentsStep(holding, world) ??
        joiningStep(target, unjoined, memory, at) ??
        injectionGuardStep(target, cluster) ??
        (at - (memory.detachedAt ?? 0) < SHOWN_AFTER_MILLISECONDS
            ? { do: "wait", why: "IAM does not show the detachment yet" }
            : undefined) ??
        refuse(unrecorded && refusals.policyNotRecorded(unrecorded)) ?? {
            do: "detach",
            policies,
            why:
                `${howManyCarry(fleet)}: detaching the policies from ${named.join(", ")}` +
                (unjoined.length === 0
                    ? ""
                    : `. These instances are not nodes and need not join: ${listTexts(unjoined.map(describeInstance))}`),
        }
    );
}

const refuse = (refusal: Refusal | undefined): Step | undefined => refusal && { do: "refuse", refusal };

/** Nodes and pods that may use the permissions of these node roles, and other parties that deliver a role. Undefined if there are none. */
function otherUsersStep(
    { subject }: DetachmentTarget,
    named: readonly string[],
    roles: readonly NodeRoleSeen[],
    world: World,
): Step | undefined {
    const { account, cluster } = world;
    const unnamed = rolesToName(account).filter((role) => !named.includes(role));
    const [unread] = unreadRegionRefusals(account, named);
    const { defaultPodsWithoutRole: pods = [] } = cluster;
    const [another] = otherDeliveryRefusals(subject, account.otherDelivery, true);
    return (
        refuse(unnamed.length === 0 ? undefined : refusals.nodeRoleNotNamed(unnamed, named)) ??
        refuse(unread) ??
        refuse(pods.length === 0 ? undefined : refusals.defaultPodsWithoutRole(subject, pods)) ??
        refuse(nodeRoleInUse(subject, roles, world)) ??
        undecidedStep(world) ??
        refuse(another)
    );
}

function undecidedStep(world: World): Step | undefined {
    const undecided = undecidedNodes(world);
    return undecided.length === 0
        ? undefined
        : {
              do: "wait",
              why: `EC2 does not show the instances of these nodes yet, and pods there may use the node roles: ${listTexts(undecided.map(describeUndecided))}`,
          };
}

/** With the injection guard in force, an instance need not join: the guard holds for its pod when it does. */
function joiningStep(
    { injectionGuard }: DetachmentTarget,
    unjoined: readonly UnjoinedInstance[],
    memory: Memory,
    at: number,
): Step | undefined {
    const joining = injectionGuard ? [] : joiningInstances(unjoined, memory, at);
    return joining.length === 0
        ? undefined
        : {
              do: "wait",
              why: `without the injection guard, instances that were launched less than 15 minutes ago get time to join: ${listTexts(joining.map(describeInstance))}`,
          };
}

/**
 * When the watch after the detachment began. 0 if it is over. If this run has not detached the policies, an earlier one may have, and may have
 * been killed before its watch.
 */
function watchedSince(target: DetachmentTarget, roles: readonly NodeRoleSeen[], memory: Memory): number {
    const { finishedRoles = [] } = target;
    const { detachedAt, detachSentAt, startedAt } = memory;
    const unfinished = roles.filter(({ name }) => !finishedRoles.includes(name));
    return Math.max(detachedAt ?? 0, detachSentAt ?? 0, policiesLost(target, unfinished).length > 0 ? startedAt : 0);
}

function describeResult(named: readonly string[], kept: readonly string[]): string {
    const detached = named.filter((name) => !kept.includes(name));
    return [
        ...(detached.length === 0 ? [] : [`the policies are detached from ${detached.join(", ")}`]),
        ...(kept.length === 0 ? [] : [`${kept.join(", ")} ${kept.length === 1 ? "keeps its" : "keep their"} policies`]),
    ].join("; ");
}

/** Without the guard in force, a pod may still be born without the role. Undefined if it is in force, or not asked for. */
function injectionGuardStep({ injectionGuard }: DetachmentTarget, cluster: ClusterSeen): Step | undefined {
    return !injectionGuard || cluster.injectionGuard.inForce
        ? undefined
        : { do: "wait", why: "the injection guard is not in force yet" };
}
