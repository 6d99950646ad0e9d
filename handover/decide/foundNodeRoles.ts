import type { HandOverRecord } from "../model/record";
import { managedPolicyOf, type Subject } from "../model/subject";
import type { NodeRoleSeen } from "../model/world";
import { holdsPermissions, policiesToDetach } from "./nodeRolePolicies";
import { isShared } from "./sharedNodeRoles";

interface FoundNodeRoles {
    readonly subject: Subject;
    readonly detachFromNodeRoles: readonly string[];
    readonly nodeRoles: readonly NodeRoleSeen[];
    /** Missing: none. A cluster that the program names may have no instances for now. */
    readonly handedOverClusterArns?: readonly string[];
}

/**
 * Adds the shared node roles that the run found without their policies to the record: another cluster's run has detached these. If the program
 * names other clusters, each role that it lists counts as shared.
 *
 * This component may never have seen the policies attached, and still has to attach them before its pods return to the node role.
 */
export function withFoundNodeRoles(record: HandOverRecord, found: FoundNodeRoles): HandOverRecord {
    const { subject, detachFromNodeRoles, nodeRoles, handedOverClusterArns = [] } = found;
    const existing = nodeRoles.filter((role) => role.exists);
    const namesOthers = handedOverClusterArns.length > 0;
    const mayBeShared = (role: NodeRoleSeen) =>
        isShared(role) || (namesOthers && detachFromNodeRoles.includes(role.name));
    const shared = existing.filter(mayBeShared);
    const foundDetached = shared
        .filter((role) => detachFromNodeRoles.includes(role.name) && policiesToDetach(role).length === 0)
        .map(({ name }) => name);
    const neverSeen = shared.filter(
        (role) => (record.nodeRolePolicies[role.name] ?? []).length === 0 && !holdsPermissions(role, []),
    );
    // On IPv6 there is no AWS managed policy.
    const wanted = subject.ipFamily === "ipv4" ? [managedPolicyOf(subject)] : [];
    const policies = neverSeen.map(({ name }) => [name, wanted] as const);
    return {
        ...record,
        ...(policies.length === 0
            ? {}
            : { detachedBefore: { ...record.detachedBefore, ...Object.fromEntries(policies) } }),
        ...(foundDetached.length === 0 && record.foundDetached === undefined ? {} : { foundDetached }),
    };
}

/** The record as if this component had seen the policies attached that another cluster's run had detached before it. */
export function withDetachedBefore(record: HandOverRecord): HandOverRecord {
    const { nodeRolePolicies, detachedBefore = {} } = record;
    const merged = Object.fromEntries(
        Object.entries(detachedBefore).map(([name, arns]): [string, readonly string[]] => [
            name,
            [...new Set([...(nodeRolePolicies[name] ?? []), ...arns])],
        ]),
    );
    return { ...record, nodeRolePolicies: { ...nodeRolePolicies, ...merged } };
}
