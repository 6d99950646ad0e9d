import { listNames } from "../model/listNames";
import { cniPolicyArns, HandOverRecord, recordedNotAttached } from "../model/record";
import { refusals } from "../model/refusals";
import type { RolePolicy, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { AccountSeen, NodeRoleSeen, NodeSeen } from "../model/world";

/** Which policies to detach from which node roles. */
export interface NodeRoleTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** The node roles that lose the CNI policy. Undefined: the pods are verified, and nothing is detached. */
    readonly detachFromNodeRoles: readonly string[] | undefined;
}

/** The policies of a node role that the hand-over is to detach. */
export function policiesToDetach(role: NodeRoleSeen): RolePolicy[] {
    return cniPolicyArns(role).map((policyArn) => ({ roleName: role.name, policyArn }));
}

/** Whether a node role holds the CNI's permissions: by a policy that grants them, or by one of the `trusted`, whatever that grants. */
export function holdsPermissions(
    { cniPolicies, inlineCniPolicies }: NodeRoleSeen,
    trusted: readonly string[],
): boolean {
    return (
        cniPolicies.some(({ arn, sufficient }) => sufficient || trusted.includes(arn)) ||
        inlineCniPolicies.some(({ sufficient }) => sufficient)
    );
}

/** The policies of `detachedBefore` that a node role needs now, since it holds none that suffices. */
export function policiesNeeded({ detachedBefore = {} }: HandOverRecord, role: NodeRoleSeen): RolePolicy[] {
    return holdsPermissions(role, [])
        ? []
        : (detachedBefore[role.name] ?? [])
              .filter((arn) => !role.cniPolicies.some((policy) => policy.arn === arn))
              .map((policyArn) => ({ roleName: role.name, policyArn }));
}

/**
 * The recorded policies of the named roles that are not attached now, and those that these roles need although another cluster's run had detached
 * them before this component saw them.
 */
export function policiesLost(
    { record, detachFromNodeRoles = [] }: NodeRoleTarget,
    nodeRoles: readonly NodeRoleSeen[],
): RolePolicy[] {
    return nodeRoles
        .filter(({ name, exists }) => exists && detachFromNodeRoles.includes(name))
        .flatMap((role) => {
            const recorded = recordedNotAttached(record, role);
            const isNew = ({ policyArn }: RolePolicy) => !recorded.some((one) => one.policyArn === policyArn);
            return [...recorded, ...policiesNeeded(record, role).filter(isNew)];
        });
}

/** Whether destroy can attach a policy again: it was seen attached, or another cluster's run had detached it before. */
export function isRecorded(
    { nodeRolePolicies, detachedBefore = {} }: HandOverRecord,
    { roleName, policyArn }: RolePolicy,
): boolean {
    return [...(nodeRolePolicies[roleName] ?? []), ...(detachedBefore[roleName] ?? [])].includes(policyArn);
}

/**
 * If the role of a node is unknown, it is unknown whose permissions its pods use.
 *
 * A NotReady node may be one whose instance was terminated more than an hour ago, so that EC2 no longer shows it. Undefined if all roles are known.
 */
export function unknownRoleStep(nodes: readonly NodeSeen[], { roleOfInstance }: AccountSeen): Step | undefined {
    const unknown = nodes.filter(({ instanceId }) => roleOfInstance[instanceId ?? ""] === undefined);
    const readyNodes = unknown.filter(({ ready }) => ready);
    if (readyNodes.length > 0) {
        return { do: "refuse", refusal: refusals.nodeRoleUnknown(listNames(readyNodes)) };
    }
    return unknown.length > 0
        ? { do: "wait", why: `NotReady nodes whose EC2 instance is missing or has no role: ${listNames(unknown)}` }
        : undefined;
}

/**
 * The roles that the program has to list: those of all instances of the nodes, as far as they are known. One that is being terminated does not
 * come back, so the role that it alone has needs no name.
 */
export function rolesToName({ roleOfInstance, leavingInstances = {} }: AccountSeen): string[] {
    const staying = Object.entries(roleOfInstance).filter(([id]) => leavingInstances[id] === undefined);
    return [...new Set(staying.flatMap(([, role]) => role ?? []))];
}

/** The roles of these nodes, as far as they are known. */
export function rolesOf(
    nodes: readonly NodeSeen[],
    { nodeRoles, roleOfInstance }: Pick<AccountSeen, "nodeRoles" | "roleOfInstance">,
): NodeRoleSeen[] {
    const used = new Set(nodes.map(({ instanceId }) => roleOfInstance[instanceId ?? ""]));
    return nodeRoles.filter(({ name }) => used.has(name));
}
