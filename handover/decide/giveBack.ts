import { parsePolicyArn } from "../../documents/arn";
import { managedCniPolicyArn } from "../../documents/cniPermissions";
import { attachCommand } from "../model/attachCommand";
import { HandOverRecord, recordedNotAttached } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, RolePolicy, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { AccountSeen, NodeRoleSeen, World } from "../model/world";
import { insufficientNodeRoles } from "./insufficientNodeRoles";

/** How long IAM may take to show a change before the change is requested again. IAM shows changes late and out of order. */
export const SHOWN_AFTER_MILLISECONDS = 30_000;

/** The policies to attach to node roles again, without restarting pods. */
export interface GiveBackTarget {
    readonly record: HandOverRecord;
    /** The node roles to which the policies are attached again. */
    readonly roleNames: readonly string[];
    /** How long IAM gets to enforce the policies. 0 if nothing is about to rely on them. */
    readonly iamPropagationSeconds: number;
    /**
     * For a move to Pod Identity: the component. Its pods go over the node roles if a wave fails, so that the roles of all nodes must hold the
     * permissions. Missing: they need not.
     */
    readonly movesToPodIdentity?: Subject | undefined;
}

/** Attaches the recorded policies again to the roles that still exist. */
export function nextGiveBackStep(
    { record, roleNames, iamPropagationSeconds, movesToPodIdentity }: GiveBackTarget,
    world: World,
    memory: Memory,
): Step {
    const missing = missingPolicies(record, roleNames, world.account, memory);
    const roles = roleNames.join(", ");
    if (movesToPodIdentity !== undefined) {
        const lacking = insufficientNodeRoles(record, world, memory).filter(
            ({ name }) => !missing.some(({ roleName }) => roleName === name),
        );
        if (lacking.length > 0) {
            return { do: "refuse", refusal: refusals.nodeRoleWithoutPermissions(lacking, movesToPodIdentity) };
        }
    }
    if (missing.length > 0) {
        return attachStep(missing, memory, world.at, `attaching the recorded policies again to ${roles}`);
    }
    return iamPropagationSeconds > 0 && !hasPropagated(memory)
        ? propagationStep(iamPropagationSeconds, roleNames.length === 0 ? "the role" : undefined)
        : {
              do: "done",
              why:
                  roleNames.length === 0
                      ? "no node role had lost a policy"
                      : `${roles} ${roleNames.length === 1 ? "holds" : "hold"} the recorded policies`,
          };
}

/**
 * The recorded policies of these roles that are not attached, AWS's managed policy first. Only roles that still exist count, with nodes
 * or without: the next node of a role without nodes needs the policy, too.
 */
export function missingPolicies(
    record: HandOverRecord,
    roleNames: readonly string[],
    { nodeRoles }: AccountSeen,
    memory: Memory,
): RolePolicy[] {
    const roles = nodeRoles.filter(
        (role) => roleNames.includes(role.name) && role.exists && !isOwnAndIdle(record, role),
    );
    return toAttach(
        roles.flatMap((role) => recordedNotAttached(record, role)),
        memory,
    );
}

/**
 * The program that has the component also manages this role, and the role has no nodes, here or in another cluster of the region. The program
 * may delete the role in the same operation, and IAM refuses to delete a role with an attached policy (DeleteConflict).
 */
export function isOwnAndIdle(
    { ownNodeRoles = [] }: HandOverRecord,
    { name, instancesOfCluster, instancesElsewhere }: NodeRoleSeen,
): boolean {
    return ownNodeRoles.includes(name) && instancesOfCluster.length === 0 && instancesElsewhere.length === 0;
}

/** Leaves out the policies that no longer exist, or are no policies of the CNI. AWS's managed policy goes first: it is always there, and it is sufficient on IPv4. */
export function toAttach(policies: readonly RolePolicy[], { gone }: Memory): RolePolicy[] {
    const isGone = (policy: RolePolicy) => gone.some((one) => isSame(one, policy));
    const left = policies.filter((policy) => !isGone(policy));
    return [...left.filter(isManagedCniPolicy), ...left.filter((policy) => !isManagedCniPolicy(policy))];
}

function isManagedCniPolicy({ policyArn }: RolePolicy): boolean {
    return policyArn === managedCniPolicyArn(parsePolicyArn(policyArn)?.partition ?? "");
}

function isSame(a: RolePolicy, b: RolePolicy): boolean {
    return a.roleName === b.roleName && a.policyArn === b.policyArn;
}

/** The warnings about roles that get nothing back although policies of theirs are recorded, each with the command that attaches one. */
export function notGivenBack(
    record: HandOverRecord,
    roleNames: readonly string[],
    { nodeRoles }: AccountSeen,
): string[] {
    return nodeRoles
        .filter((role) => roleNames.includes(role.name) && role.exists && isOwnAndIdle(record, role))
        .flatMap((role) => recordedNotAttached(record, role))
        .map(
            ({ roleName, policyArn }) =>
                `warning: ${roleName} has no nodes and belongs to this program, so it does not get ${policyArn} again. If the role stays, ` +
                `run before its next node joins: ${attachCommand(roleName, policyArn)}`,
        );
}

/** Attaches policies, and then waits until IAM shows them before it attaches the same policies again. */
export function attachStep(policies: readonly RolePolicy[], memory: Memory, at: number, why: string): Step {
    const alreadyRequested = policies.every((policy) => memory.attached.some((one) => isSame(one, policy)));
    return alreadyRequested && at - (memory.attachedAt ?? 0) < SHOWN_AFTER_MILLISECONDS
        ? { do: "wait", why: "IAM does not show the attachment yet" }
        : { do: "attach", policies, why };
}

/**
 * Whether this run has waited since its last attachment. How long an earlier run waited is unknown.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html ("changes … might not be immediately visible")
 */
export function hasPropagated({ propagatedAt, attachedAt }: Memory): boolean {
    return propagatedAt !== undefined && propagatedAt >= (attachedAt ?? 0);
}

/** @param change Missing: policies of the node roles. */
export function propagationStep(iamPropagationSeconds: number, change = "the policies of the node roles"): Step {
    return {
        do: "awaitPropagation",
        milliseconds: iamPropagationSeconds * 1000,
        why: `waiting ${String(iamPropagationSeconds)} s for IAM to enforce ${change}`,
    };
}
