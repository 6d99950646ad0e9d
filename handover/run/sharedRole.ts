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
 * end of the update. An issuer that leaves in the same update counts as gone: by removing it, the operator says so.
 */
export function refuseIfShared({ subject, roleUniqueId }: Own, now: Pick<Own, "subject">): void {
    const [, ...others] = subject.issuers;
    const sharing = others.filter((issuer) => now.subject.issuers.includes(issuer));
    // A role of another owner has no ID here, and stays.
    if (roleUniqueId !== "" && subject.roleArn !== now.subject.roleArn && sharing.length > 0) {
        throw refusals.sharedRoleReplaced(subject.roleArn, sharing);
    }
}
