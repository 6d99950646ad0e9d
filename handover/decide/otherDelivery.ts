import type { OtherDelivery } from "../model/otherDelivery";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";

/**
 * Why pods may get their credentials from another source than the component. Empty before EKS was asked.
 *
 * A managed add-on that carries the component's own role writes the same annotation, so it is no other source.
 *
 * @param detaches Whether a policy is detached from node roles: an unknown source is a reason to refuse then.
 */
export function otherDeliveryRefusals(subject: Subject, seen: OtherDelivery | undefined, detaches: boolean): Refusal[] {
    if (seen === undefined) {
        return [];
    }
    const { addOnRoleArn, podIdentityRoleArns, clusterName } = seen;
    const named = clusterName === undefined ? subject : { ...subject, clusterName };
    return [
        ...(addOnRoleArn === undefined || addOnRoleArn === subject.roleArn
            ? []
            : [refusals.addOnHasRole(addOnRoleArn)]),
        ...(podIdentityRoleArns.length === 0 ? [] : [refusals.podIdentityAssociation(named, podIdentityRoleArns)]),
        ...(detaches ? unreadRefusals(seen) : []),
    ];
}

function unreadRefusals({ clusterNameUnknown, unread }: OtherDelivery): Refusal[] {
    const denied = unread.filter(({ cause }) => cause === "denied");
    const unsupported = unread.filter(({ cause }) => cause === "unsupported");
    return [
        ...(clusterNameUnknown === undefined ? [] : [refusals.clusterNameUnknown(clusterNameUnknown)]),
        ...(denied.length === 0 ? [] : [refusals.otherDeliveryDenied(denied)]),
        ...(unsupported.length === 0 ? [] : [refusals.otherDeliveryUnsupported(unsupported)]),
    ];
}
