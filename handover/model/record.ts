import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { RolePolicy } from "./steps";
import { isSameAccount, type ServiceAccountName, type Subject } from "./subject";
import { webhookAnnotations } from "./webhookAnnotations";
import type { NodeRoleSeen, World } from "./world";

/**
 * The write-ahead record: the state before the component, and every role that it has approved.
 *
 * The engine saves it to the state before the hand-over changes anything, and keeps it until the hand-back has finished. Entries
 * are only added, never removed.
 */
export interface HandOverRecord {
    /** The UID of the namespace kube-system. */
    readonly clusterUid: string;
    readonly serviceAccountUid: string;
    /** Every service account that the component has annotated. Missing before the first approval. */
    readonly serviceAccounts?: readonly ServiceAccountName[];
    /** The component's first field manager. A rename of the component does not change it. */
    readonly fieldManager: string;
    /** The injection guard's first name. */
    readonly injectionGuardName: string;
    /** The `eks.amazonaws.com/` annotations from before the component. Empty if there were none. */
    readonly originalAnnotations: Readonly<Record<string, string>>;
    /** Every role that aws-node pods may carry because of the component. */
    readonly approvedRoleArns: readonly string[];
    /**
     * When a role that pods may carry already was delivered in another way: recreated under the same ARN, or with other annotations. A pod
     * from before that restarts. Milliseconds since the epoch. Missing if that never happened.
     */
    readonly deliveredAt?: number;
    /** How often another role was approved. Missing before that. */
    readonly approvals?: number;
    /** Those that the component has created or imported, and deletes. Missing if it has used roles of other owners alone. */
    readonly ownRoleArns?: readonly string[];
    /** Every node role that detachFromNodeRoles has ever listed. */
    readonly namedNodeRoles: readonly string[];
    /** Those that the component's own program manages, and so may delete in the same operation. Missing if there are none. */
    readonly ownNodeRoles?: readonly string[];
    /** The CNI policies that were attached to the node roles, by role name. */
    readonly nodeRolePolicies: Readonly<Record<string, readonly string[]>>;
    /**
     * The policies that another cluster's run had detached from a shared node role before this component saw it, by role name. They were
     * never seen, so a run attaches them only where pods would have no permissions without them. Missing if there are none.
     */
    readonly detachedBefore?: Readonly<Record<string, readonly string[]>>;
    /**
     * The shared node roles that the last create or update of the credential guard found without their policies. Unlike the other entries,
     * it is of that run alone. Missing if there were none yet.
     */
    readonly foundDetached?: readonly string[];
    /** Whether an association may have given pods a role of the component. Missing: none has. */
    readonly podIdentityDelivered?: true;
    /** The role that the managed add-on carried before the component told it another one. Missing: it carried none, or still does. */
    readonly addOnRoleArn?: string;
    /** Whether the managed add-on may carry a role of the component. `false`: it did, and has given it up. Missing: it never did. */
    readonly addOnDelivered?: boolean;
}

/** Records that an association is about to give pods a role of the component. */
export function withPodIdentity(record: HandOverRecord, { delivery }: Subject): HandOverRecord {
    return delivery === "podIdentity" ? { ...record, podIdentityDelivered: true } : record;
}

/** The record of a component that has not approved a role yet. */
export function freshRecord({ fieldManager, injectionGuardName }: Subject, world: World): HandOverRecord {
    const { serviceAccount, uid } = world.cluster;
    // An annotation that the component owns comes from an earlier run whose state was lost, so it is not an original one.
    const isOwn = serviceAccount?.roleArnOwners.every((owner) => owner === fieldManager) ?? true;
    const annotated = serviceAccount?.annotations[ROLE_ARN_ANNOTATION];
    // Its role may be replaced in this same update, and deleted at its end.
    const delivered = isOwn && annotated !== undefined ? [annotated] : [];
    return {
        clusterUid: uid,
        serviceAccountUid: serviceAccount?.uid ?? "",
        fieldManager,
        injectionGuardName,
        originalAnnotations: isOwn ? {} : webhookAnnotations(world),
        approvedRoleArns: delivered,
        ...(delivered.length > 0 && { ownRoleArns: delivered }),
        namedNodeRoles: [],
        nodeRolePolicies: {},
    };
}

/** Adds the observed state to the record. Nothing is removed: a policy that is detached now was attached before. */
export function withObserved(
    record: HandOverRecord,
    seen: {
        readonly roleArn: string;
        readonly detachFromNodeRoles: readonly string[];
        readonly nodeRoles: readonly NodeRoleSeen[];
    },
): HandOverRecord {
    return {
        ...record,
        approvedRoleArns: union(record.approvedRoleArns, [seen.roleArn]),
        namedNodeRoles: union(record.namedNodeRoles, seen.detachFromNodeRoles),
        nodeRolePolicies: seen.nodeRoles.reduce<Record<string, readonly string[]>>(
            (policies, role) => ({
                ...policies,
                [role.name]: union(policies[role.name] ?? [], cniPolicyArns(role)),
            }),
            record.nodeRolePolicies,
        ),
    };
}

/** Records which of the listed node roles the program manages. A role that it no longer lists keeps its entry. */
export function withOwnNodeRoles(
    record: HandOverRecord,
    listed: readonly string[],
    own: readonly string[],
): HandOverRecord {
    const before = (record.ownNodeRoles ?? []).filter((name) => !listed.includes(name));
    const ownNodeRoles = union(before, own);
    return ownNodeRoles.length === 0 && record.ownNodeRoles === undefined ? record : { ...record, ownNodeRoles };
}

/**
 * Counts the approval of another role. The record then differs also when a former role returns, so that the resources after the
 * credential guard look for pods that a killed update has left with the role in between.
 */
export function withAnotherApproval(record: HandOverRecord): HandOverRecord {
    return { ...record, approvals: (record.approvals ?? 0) + 1 };
}

/** Adds a role that the engine will delete to the record. */
export function withOwnRole(record: HandOverRecord, roleArn: string): HandOverRecord {
    return { ...record, ownRoleArns: union(record.ownRoleArns ?? [], [roleArn]) };
}

/** The policies that the hand-over detaches. A broad policy stays attached. */
export function cniPolicyArns({ cniPolicies }: NodeRoleSeen): string[] {
    return cniPolicies.filter(({ kind }) => kind === "cni").map(({ arn }) => arn);
}

/**
 * Records that the add-on is about to carry a role of the component, and which other role it carries now. The first one counts: a later one is the
 * component's, unless another writer has given it to the add-on while the component delivered in another way.
 */
export function withAddOnDelivered(record: HandOverRecord, carried: string | undefined): HandOverRecord {
    const { addOnDelivered, addOnRoleArn, approvedRoleArns } = record;
    const isOthers =
        carried !== undefined &&
        (addOnDelivered === undefined ||
            (!addOnDelivered && addOnRoleArn === undefined && !approvedRoleArns.includes(carried)));
    return { ...record, addOnDelivered: true, ...(isOthers ? { addOnRoleArn: carried } : {}) };
}

/** Records that the add-on has given up the role of the component. */
export function withoutAddOnDelivered(record: HandOverRecord): HandOverRecord {
    return record.addOnDelivered === true ? withAnotherApproval({ ...record, addOnDelivered: false }) : record;
}

/** The recorded policies of a node role that are not attached to it now. */
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

/** Adds a service account to the record. */
export function withServiceAccount(record: HandOverRecord, account: ServiceAccountName): HandOverRecord {
    const { serviceAccounts = [] } = record;
    return serviceAccounts.some((one) => isSameAccount(one, account))
        ? record
        : { ...record, serviceAccounts: [...serviceAccounts, account] };
}

/** The subject of a run, under the component's first names. */
export function subjectOf(record: HandOverRecord, subject: Subject): Subject {
    const { fieldManager, injectionGuardName, serviceAccounts = [] } = record;
    const formerServiceAccounts = serviceAccounts.filter((one) => !isSameAccount(one, subject.serviceAccount));
    return {
        ...subject,
        fieldManager,
        injectionGuardName,
        ...(formerServiceAccounts.length === 0 ? {} : { formerServiceAccounts }),
        ...(record.addOnDelivered === true ? { addOnDelivered: true as const } : {}),
        ...(record.podIdentityDelivered === true ? { podIdentityDelivered: true as const } : {}),
    };
}
