import { listNames } from "../model/listNames";
import { HandOverRecord, recordedNotAttached } from "../model/record";
import { refusals } from "../model/refusals";
import type { RolePolicy, Step } from "../model/steps";
import { managedPolicyOf, Subject } from "../model/subject";
import type { AccountSeen, NodeRoleSeen, NodeSeen } from "../model/world";

/** Which policies are to leave which node roles. */
export interface NodeRoleTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** The node roles that lose the CNI policy. Undefined: the pods are verified, and nothing is detached. */
    readonly detachFromNodeRoles: readonly string[] | undefined;
    /** The policies that leave them. Undefined: the managed policy on IPv4, every policy with the CNI's rights on IPv6. */
    readonly detachPolicyArns: readonly string[] | undefined;
}

/** The policies of a node role that the hand-over is to take away. */
export function policiesToDetach(target: NodeRoleTarget, role: NodeRoleSeen): RolePolicy[] {
    const { subject, detachPolicyArns } = target;
    const managed = managedPolicyOf(subject);
    const isMeant = ({ arn, kind }: NodeRoleSeen["cniPolicies"][number]) =>
        detachPolicyArns === undefined
            ? arn === managed || (subject.ipFamily === "ipv6" && kind === "cni")
            : detachPolicyArns.includes(arn);
    return role.cniPolicies.filter(isMeant).map(({ arn }) => ({ roleName: role.name, policyArn: arn }));
}

/** Policies that are recorded of a named role and not attached to it now. */
export function policiesLost(
    { record, detachFromNodeRoles = [] }: NodeRoleTarget,
    nodeRoles: readonly NodeRoleSeen[],
): RolePolicy[] {
    return nodeRoles
        .filter(({ name, exists }) => exists && detachFromNodeRoles.includes(name))
        .flatMap((role) => recordedNotAttached(record, role));
}

/**
 * Nobody can say what the pods of a node live off whose role cannot be told. A node that is NotReady may be one whose instance
 * has ended, which leaves the cluster by itself. Undefined when all of them are known.
 */
export function unknownRoleStep(nodes: readonly NodeSeen[], { roleOfInstance }: AccountSeen): Step | undefined {
    const unknown = nodes.filter(({ instanceId }) => roleOfInstance[instanceId ?? ""] === undefined);
    const standing = unknown.filter(({ ready }) => ready);
    if (standing.length > 0) {
        return { do: "refuse", refusal: refusals.nodeRoleUnknown(listNames(standing)) };
    }
    return unknown.length > 0
        ? { do: "wait", why: `NotReady, and without an instance that has a role: ${listNames(unknown)}` }
        : undefined;
}
