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
 * end of the update. An issuer that leaves in the same update counts, too: only a change of the role in place, in an update of its own,
 * shows the command that looks for its pods.
 */
export function refuseIfShared({ subject, roleUniqueId }: Own, now: Pick<Own, "subject">): void {
    const [, ...others] = subject.issuers;
    // A role of another owner has no ID here, and stays.
    if (roleUniqueId !== "" && subject.roleArn !== now.subject.roleArn && others.length > 0) {
        throw refusals.sharedRoleReplaced(subject.roleArn, others);
    }
}
