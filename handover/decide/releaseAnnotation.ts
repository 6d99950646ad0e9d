import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { refusals } from "../model/refusals";
import type { HandOverRecord } from "../model/record";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen } from "../model/world";
import { isOwnedByComponent } from "./handBackTarget";

/**
 * After a move from the annotation to Pod Identity: once each pod has the credentials of the association, the component releases the annotation. Its
 * role may be about to be deleted, and a pod that is born without the association would get it.
 *
 * Whether it is gone is judged by its value: another owner may have written the same one. Undefined if nothing is left to do.
 */
export function releaseAnnotationStep(
    { subject, record }: { readonly subject: Subject; readonly record: HandOverRecord },
    { serviceAccount }: ClusterSeen,
): Step | undefined {
    if (subject.delivery !== "podIdentity" || serviceAccount === undefined) {
        return undefined;
    }
    if (isOwnedByComponent(subject, serviceAccount) || serviceAccount.ownSettings !== undefined) {
        return {
            do: "releaseServiceAccount",
            leaving: {},
            why: "each pod has the credentials of the association: removing the annotation from the service account",
        };
    }
    const { [ROLE_ARN_ANNOTATION]: annotated } = serviceAccount.annotations;
    return annotated !== undefined && record.approvedRoleArns.includes(annotated)
        ? { do: "refuse", refusal: refusals.annotationOutlivesRole(subject, serviceAccount.roleArnOwners) }
        : undefined;
}
