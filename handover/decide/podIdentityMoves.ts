import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { HandOverRecord } from "../model/record";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { isSameAccount, type Subject } from "../model/subject";

/** The deliveries between which an update moves the pods, besides to another role within Pod Identity. */
const MOVES: readonly string[] = [
    "serviceAccountPatch podIdentity",
    "podIdentity serviceAccountPatch",
    "eksAddon podIdentity",
    "podIdentity eksAddon",
];

/**
 * Why an update does not move the pods from Pod Identity, or to it. Undefined if it does, or if it moves neither.
 *
 * Each of these moves has an order of its own, and the engine would change the association, or the annotation, outside of it. Another role within Pod
 * Identity needs none: the node roles get their policies again, and then the association changes in place.
 */
export function podIdentityMoveRefusal(
    before: Subject,
    after: Subject,
    { originalAnnotations, addOnRoleArn }: Pick<HandOverRecord, "originalAnnotations" | "addOnRoleArn">,
): Refusal | undefined {
    const [from, to] = [deliveryOf(before), deliveryOf(after)];
    if (from !== "podIdentity" && to !== "podIdentity") {
        return undefined;
    }
    if (!isSameAccount(before.serviceAccount, after.serviceAccount)) {
        return refusals.accountNotChanged(after);
    }
    if (from !== to && !MOVES.includes(`${from} ${to}`)) {
        return refusals.deliveryNotChanged(after, from, to);
    }
    const { [ROLE_ARN_ANNOTATION]: original = addOnRoleArn } = originalAnnotations;
    return from !== to && to === "podIdentity" && original !== undefined
        ? refusals.formerRoleLost(before, original)
        : undefined;
}

/** Whether the update moves the pods between web identity and an association. */
export function changesPodIdentity(before: Subject, after: Subject): boolean {
    return (before.delivery === "podIdentity") !== (after.delivery === "podIdentity");
}

/** Whether it moves them away from an association. */
export function leavesPodIdentity(before: Subject, after: Subject): boolean {
    return before.delivery === "podIdentity" && after.delivery !== "podIdentity";
}

function deliveryOf({ delivery }: Subject): string {
    return delivery ?? "serviceAccountPatch";
}
