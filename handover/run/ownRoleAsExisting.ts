import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { RunContext } from "../observe/runContext";

/** The inputs of the credential guard that describe the role. */
interface Used {
    readonly subject: Pick<Subject, "roleArn">;
    /** Empty for a role that the component does not manage. */
    readonly roleUniqueId: string;
}

/** The last approval. */
type Before = Used & { readonly record: Pick<HandOverRecord, "ownRoleArns"> };

/**
 * Refuses `existingRoleArn` with a role of the component itself. The role has left the program as a resource, so the engine deletes it
 * at the end of the update, when every pod has been verified to carry it.
 *
 * A role that was used as another owner's before stays: after a loss of the state, the record takes its annotation for the component's.
 */
export function refuseOwnRoleAsExisting(before: Before, { subject: { roleArn }, roleUniqueId }: Used): void {
    if (roleUniqueId === "" && isOwnRole(before, roleArn)) {
        throw refusals.ownRoleAsExisting(roleArn);
    }
}

/** The same in the update that turns the live checks off, which approves no role. It has annotated the one that its program names. */
export async function refuseOwnRoleGivenUp({ turningOff, cluster }: RunContext, before: Before): Promise<void> {
    if (turningOff !== "annotatedExistingRole") {
        return;
    }
    const { serviceAccount } = await cluster.look();
    const roleArn = serviceAccount?.annotations[ROLE_ARN_ANNOTATION] ?? "";
    if (isOwnRole(before, roleArn)) {
        throw refusals.ownRoleAsExisting(roleArn, "Turn the live checks on again.");
    }
}

function isOwnRole({ record: { ownRoleArns }, subject, roleUniqueId }: Before, roleArn: string): boolean {
    const wasExisting = roleUniqueId === "" && subject.roleArn === roleArn;
    return ownRoleArns?.includes(roleArn) === true && !wasExisting;
}
