import type { RolePolicy } from "./steps";
import type { Subject } from "./subject";
import { webhookAnnotations } from "./webhookAnnotations";
import type { NodeRoleSeen, World } from "./world";

/**
 * The write-ahead record: what was there before the component, and every role that it ever approved. The engine writes it to
 * the state before anything moves, and keeps it until the hand-back has finished. Nothing in it is ever forgotten.
 */
export interface HandOverRecord {
    /** The UID of the namespace kube-system. */
    readonly clusterUid: string;
    readonly serviceAccountUid: string;
    /** The field manager under which the component began, which a rename does not change. */
    readonly fieldManager: string;
    /** The name under which the injection guard began. */
    readonly injectionGuardName: string;
    /** The annotations of `eks.amazonaws.com/` that were there before the component, empty if there were none. */
    readonly originalAnnotations: Readonly<Record<string, string>>;
    /** Every role that aws-node's pods may carry because of the component. */
    readonly approvedRoleArns: readonly string[];
    /** Those of them that the component makes or has imported, and that go with it. Not there in records of early versions. */
    readonly ownRoleArns?: readonly string[];
    /** Every node role that was ever to give its CNI policy up. */
    readonly namedNodeRoles: readonly string[];
    /** The CNI policies that node roles held, by the name of the role. */
    readonly nodeRolePolicies: Readonly<Record<string, readonly string[]>>;
}

/** The record of a component that has not approved anything yet. */
export function freshRecord({ fieldManager, injectionGuardName }: Subject, world: World): HandOverRecord {
    const { serviceAccount, uid } = world.cluster;
    // An annotation that is the component's own, from a run whose state was lost, was not there before it.
    const ours = serviceAccount?.roleArnOwners.every((owner) => owner === fieldManager) ?? true;
    return {
        clusterUid: uid,
        serviceAccountUid: serviceAccount?.uid ?? "",
        fieldManager,
        injectionGuardName,
        originalAnnotations: ours ? {} : webhookAnnotations(world),
        approvedRoleArns: [],
        namedNodeRoles: [],
        nodeRolePolicies: {},
    };
}

/** The record with what is seen now: a union, since a policy that is not there any more was there before. */
export function recorded(
    record: HandOverRecord,
    seen: {
        readonly roleArn: string;
        readonly detachFromNodeRoles: readonly string[];
        readonly nodeRoles: readonly NodeRoleSeen[];
        /** Policies that are to leave the node roles by name, of whatever kind. */
        readonly detachPolicyArns: readonly string[];
    },
): HandOverRecord {
    return {
        ...record,
        approvedRoleArns: union(record.approvedRoleArns, [seen.roleArn]),
        namedNodeRoles: union(record.namedNodeRoles, seen.detachFromNodeRoles),
        nodeRolePolicies: seen.nodeRoles.reduce<Record<string, readonly string[]>>(
            (policies, role) => ({
                ...policies,
                [role.name]: union(policies[role.name] ?? [], policiesToRecord(role, seen.detachPolicyArns)),
            }),
            record.nodeRolePolicies,
        ),
    };
}

/** The record with a role that the engine will delete. */
export function owned(record: HandOverRecord, roleArn: string): HandOverRecord {
    return { ...record, ownRoleArns: union(record.ownRoleArns ?? [], [roleArn]) };
}

/** What the hand-over may take away. A broad policy stays unless it is named, so it is no matter of record. */
function policiesToRecord({ cniPolicies }: NodeRoleSeen, named: readonly string[]): string[] {
    return cniPolicies.filter(({ arn, kind }) => kind === "cni" || named.includes(arn)).map(({ arn }) => arn);
}

/** What is recorded of a node role and not attached to it now. */
export function recordedNotAttached(
    { nodeRolePolicies }: HandOverRecord,
    { name, cniPolicies }: NodeRoleSeen,
): RolePolicy[] {
    return (nodeRolePolicies[name] ?? [])
        .filter((arn) => !cniPolicies.some((policy) => policy.arn === arn))
        .map((policyArn) => ({ roleName: name, policyArn }));
}

function union(before: readonly string[], now: readonly string[]): readonly string[] {
    return [...new Set([...before, ...now])];
}

/** What a run is about, under the names with which the component began. */
export function subjectOf(record: HandOverRecord, subject: Subject): Subject {
    return { ...subject, fieldManager: record.fieldManager, injectionGuardName: record.injectionGuardName };
}
