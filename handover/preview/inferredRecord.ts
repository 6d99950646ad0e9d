import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { Preflight } from "../model/preflight";
import { freshRecord, HandOverRecord, recorded } from "../model/record";
import { managedPolicyOf } from "../model/subject";

/** Whether the service account is about to get another role than it has. */
export function isAnotherRole({ subject, world }: Preflight): boolean {
    return world.cluster.serviceAccount?.annotations[ROLE_ARN_ANNOTATION] !== subject.roleArn;
}

/**
 * What the component must have recorded, told by what it has left on the cluster: a preview is not told what is in the state of a
 * resource that is about to change. Undefined where it has left nothing yet.
 */
export function inferredRecord(
    { subject, world, detachFromNodeRoles }: Preflight,
    detachPolicyArns: readonly string[] | undefined,
): HandOverRecord | undefined {
    const { serviceAccount, injectionGuard } = world.cluster;
    const annotated = serviceAccount?.roleArnOwners.includes(subject.fieldManager) ?? false;
    if (serviceAccount === undefined || !(annotated || injectionGuard.present)) {
        return undefined;
    }
    const { roleOfInstance, nodeRoles } = world.account;
    const used = Object.values(roleOfInstance).filter((role) => role !== undefined);
    // The injection guard is there where node roles were named, and then each role of a node was among them.
    const named = injectionGuard.present ? [...new Set([...used, ...detachFromNodeRoles])] : detachFromNodeRoles;
    const policies = detachPolicyArns ?? [managedPolicyOf(subject)];
    const stripped = nodeRoles.filter(({ name, cniPolicies }) => named.includes(name) && cniPolicies.length === 0);
    const record = recorded(freshRecord(subject, world), {
        roleArn: serviceAccount.annotations[ROLE_ARN_ANNOTATION] ?? subject.roleArn,
        detachFromNodeRoles: named,
        detachPolicyArns: detachPolicyArns ?? [],
        nodeRoles,
    });
    return {
        ...record,
        nodeRolePolicies: {
            ...record.nodeRolePolicies,
            ...Object.fromEntries(stripped.map(({ name }) => [name, policies])),
        },
    };
}
