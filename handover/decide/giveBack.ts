import { HandOverRecord, recordedNotAttached } from "../model/record";
import type { Memory, RolePolicy, Step } from "../model/steps";
import type { AccountSeen, World } from "../model/world";

/** How long IAM may take to show a change before the change is requested again. IAM shows changes late and out of order. */
export const SHOWN_AFTER_MILLISECONDS = 30_000;

/** The policies to attach to node roles again, without restarting pods. */
export interface GiveBackTarget {
    readonly record: HandOverRecord;
    /** The node roles to which the policies are attached again. */
    readonly roleNames: readonly string[];
    /** How long IAM gets to enforce the policies. 0 if nothing is about to rely on them. */
    readonly iamPropagationSeconds: number;
}

/** Attaches the recorded policies again to the roles that still exist and still have nodes. */
export function nextGiveBackStep(
    { record, roleNames, iamPropagationSeconds }: GiveBackTarget,
    world: World,
    memory: Memory,
): Step {
    const missing = missingPolicies(record, roleNames, world.account);
    const roles = roleNames.join(", ");
    if (missing.length > 0) {
        return attachStep(missing, memory, world.at, `attaching the recorded policies again to ${roles}`);
    }
    return iamPropagationSeconds > 0 && !hasPropagated(memory)
        ? propagationStep(iamPropagationSeconds)
        : { do: "done", why: `${roles} ${roleNames.length === 1 ? "holds" : "hold"} the recorded policies` };
}

/** The recorded policies of these roles that are not attached. Only roles that still exist and still have nodes count. */
export function missingPolicies(
    record: HandOverRecord,
    roleNames: readonly string[],
    { nodeRoles }: AccountSeen,
): RolePolicy[] {
    return nodeRoles
        .filter(
            ({ name, exists, instancesOfCluster }) =>
                roleNames.includes(name) && exists && instancesOfCluster.length > 0,
        )
        .flatMap((role) => recordedNotAttached(record, role));
}

/** Attaches policies, and then waits until IAM shows them before it attaches the same policies again. */
export function attachStep(policies: readonly RolePolicy[], memory: Memory, at: number, why: string): Step {
    const alreadyRequested = policies.every(({ roleName, policyArn }) =>
        memory.attached.some((one) => one.roleName === roleName && one.policyArn === policyArn),
    );
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

export function propagationStep(iamPropagationSeconds: number): Step {
    return {
        do: "awaitPropagation",
        milliseconds: iamPropagationSeconds * 1000,
        why: `waiting ${String(iamPropagationSeconds)} s for IAM to enforce the policies of the node roles`,
    };
}
