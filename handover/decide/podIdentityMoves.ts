import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { isSameAccount, type Subject } from "../model/subject";

/**
 * Why an update does not move the pods from Pod Identity, or to it. Undefined if it moves neither.
 *
 * Each of these moves has an order of its own, and the engine would change the association, or the annotation, outside of it. Another role within Pod
 * Identity is no such move: the node roles get their policies again, and then the association changes in place.
 */
export function podIdentityMoveRefusal(before: Subject, after: Subject): Refusal | undefined {
    const { delivery: from = "serviceAccountPatch" } = before;
    const { delivery: to = "serviceAccountPatch" } = after;
    if (from !== "podIdentity" && to !== "podIdentity") {
        return undefined;
    }
    if (from !== to) {
        return refusals.deliveryNotChanged(after, `The delivery changes from ${from} to ${to}.`);
    }
    return isSameAccount(before.serviceAccount, after.serviceAccount)
        ? undefined
        : refusals.deliveryNotChanged(after, 'With delivery: "podIdentity", the service account changes.');
}
