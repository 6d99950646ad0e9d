import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { Preflight } from "../model/preflight";
import { freshRecord, HandOverRecord, withObserved } from "../model/record";
import { managedPolicyOf } from "../model/subject";

/** Whether the service account is about to get a different role. */
export function isAnotherRole({ subject, world }: Preflight): boolean {
    // With an association, an update to another role is refused.
    return (
        subject.delivery !== "podIdentity" &&
        world.cluster.serviceAccount?.annotations[ROLE_ARN_ANNOTATION] !== subject.roleArn
    );
}

/**
 * Infers the component's record from what it has left on the cluster.
 *
 * A preview does not get the outputs of a resource that is about to change. Undefined if the component has left nothing yet.
 */
export function inferredRecord({ subject, world, detachFromNodeRoles }: Preflight): HandOverRecord | undefined {
    const { serviceAccount, injectionGuard } = world.cluster;
    const annotated = serviceAccount?.roleArnOwners.includes(subject.fieldManager) ?? false;
    if (serviceAccount === undefined || !(annotated || injectionGuard.present)) {
        return undefined;
    }
    const { roleOfInstance, nodeRoles } = world.account;
    const used = Object.values(roleOfInstance).filter((role) => role !== undefined);
    // The injection guard exists only if detachFromNodeRoles was set, which then listed the role of every node.
    const named = injectionGuard.present ? [...new Set([...used, ...detachFromNodeRoles])] : detachFromNodeRoles;
    const stripped = nodeRoles.filter(({ name, cniPolicies }) => named.includes(name) && cniPolicies.length === 0);
    const record = withObserved(freshRecord(subject, world), {
        roleArn: serviceAccount.annotations[ROLE_ARN_ANNOTATION] ?? subject.roleArn,
        detachFromNodeRoles: named,
        nodeRoles,
    });
    return {
        ...record,
        nodeRolePolicies: {
            ...record.nodeRolePolicies,
            ...Object.fromEntries(stripped.map(({ name }) => [name, [managedPolicyOf(subject)]])),
        },
    };
}
