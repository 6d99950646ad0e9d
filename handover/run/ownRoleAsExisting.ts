import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";

/** The inputs of the credential guard that describe the role. */
interface Used {
    readonly subject: Pick<Subject, "roleArn">;
    /** Empty for a role that the component does not manage. */
    readonly roleUniqueId: string;
}

/**
 * Refuses `existingRoleArn` with a role of the component itself. The role has left the program as a resource, so the engine deletes it
 * at the end of the update, when every pod has been verified to carry it.
 *
 * A role that was used as another owner's before stays: after a loss of the state, the record takes its annotation for the component's.
 */
export function refuseOwnRoleAsExisting(
    { record: { ownRoleArns }, ...before }: Used & { readonly record: Pick<HandOverRecord, "ownRoleArns"> },
    { subject: { roleArn }, roleUniqueId }: Used,
): void {
    // Records of early versions do not name the component's own roles.
    const own = ownRoleArns ?? (before.roleUniqueId === "" ? [] : [before.subject.roleArn]);
    const wasExisting = before.roleUniqueId === "" && before.subject.roleArn === roleArn;
    if (roleUniqueId === "" && own.includes(roleArn) && !wasExisting) {
        throw refusals.ownRoleAsExisting(roleArn);
    }
}
