/** A role, and its unique ID if the component manages it. */
export interface ApprovedRole {
    readonly roleArn: string;
    /** Empty for a role that the component does not manage. */
    readonly roleUniqueId: string;
}

const CHANGES = / change (\d+)$/;

/**
 * Identifies an approval. It is the same as before for the same role, and new for every other one, even for a role that was
 * approved earlier: `ROLE` is followed by `NEXT change 1`, and then by `ROLE change 2`.
 *
 * Otherwise a return to a former role would look unchanged to the canary and to the detachment, and a pod that has got the role in
 * between would be found by neither.
 */
export function approvalOf({ roleArn, roleUniqueId }: ApprovedRole, before: string | undefined): string {
    const role = `${roleArn} ${roleUniqueId}`.trim();
    if (before === undefined) {
        return role;
    }
    const changes = Number(CHANGES.exec(before)?.[1] ?? 0);
    return before.replace(CHANGES, "") === role ? before : `${role} change ${String(changes + 1)}`;
}
