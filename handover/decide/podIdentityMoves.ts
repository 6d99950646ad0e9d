import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { isSameAccount, type Subject } from "../model/subject";

/** What a credential guard has approved. */
export interface ApprovedDelivery {
    readonly subject: Subject;
    readonly approvedRole: string;
}

/**
 * Why an update does not move the pods: from Pod Identity, to it, or to another role within it. Undefined if it moves none of these.
 *
 * Each of them has an order of its own, and the engine would change the association, or the annotation, outside of it.
 */
export function podIdentityMoveRefusal(before: ApprovedDelivery, after: ApprovedDelivery): Refusal | undefined {
    const [from, to] = [before, after].map(({ subject }) => subject.delivery ?? "serviceAccountPatch");
    if (from !== "podIdentity" && to !== "podIdentity") {
        return undefined;
    }
    if (from !== to) {
        return refusals.deliveryNotChanged(
            after.subject,
            `The delivery changes from ${String(from)} to ${String(to)}.`,
        );
    }
    if (!isSameAccount(before.subject.serviceAccount, after.subject.serviceAccount)) {
        return refusals.deliveryNotChanged(after.subject, 'With delivery: "podIdentity", the service account changes.');
    }
    return before.approvedRole === after.approvedRole
        ? undefined
        : refusals.deliveryNotChanged(
              after.subject,
              `With delivery: "podIdentity", the role changes from ${before.subject.roleArn} to ${after.subject.roleArn}.`,
          );
}
