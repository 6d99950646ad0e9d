import { leavesWithRole } from "../decide/leavingIssuer";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";

/** The inputs of the credential guard that describe the role. */
interface Own {
    readonly subject: Subject;
    /** Empty for a role that the component does not manage. */
    readonly roleUniqueId: string;
}

/**
 * Refuses to move the pods to another role while other clusters share the component's present one, which the engine deletes at the
 * end of the update. An issuer that leaves in the same update counts as gone: by removing it, the operator says so. That is also the way
 * out after this refusal, since the engine then has the present role on its list of deletions.
 *
 * With `existingRoleArn`, the program cannot list issuers, so that their absence says nothing.
 */
export function refuseIfShared(before: Own, now: Own): void {
    const others = issuersOfDeletedRole(before, now);
    const sharing = others.filter((issuer) => now.roleUniqueId === "" || now.subject.issuers.includes(issuer));
    if (sharing.length > 0) {
        // With this argument the program cannot list the clusters, and so they would never leave.
        const first =
            now.roleUniqueId === "" ? "Remove existingRoleArn until the other clusters have left." : undefined;
        throw refusals.sharedRoleReplaced(before.subject.roleArn, sharing, first);
    }
}

/** How to look for the pods of each cluster that shares a role which the engine deletes at the end of this update. */
export function leavingWithRole(before: Own, now: Own): readonly string[] {
    const { roleArn, serviceAccount } = before.subject;
    return issuersOfDeletedRole(before, now).map((issuer) => leavesWithRole(roleArn, issuer, serviceAccount.namespace));
}

/** A role of another owner has no ID here, and stays. */
function issuersOfDeletedRole({ subject, roleUniqueId }: Own, now: Own): readonly string[] {
    const isDeleted = roleUniqueId !== "" && subject.roleArn !== now.subject.roleArn;
    return isDeleted ? subject.issuers.slice(1) : [];
}
