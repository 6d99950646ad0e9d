import type { OtherDelivery } from "../model/otherDelivery";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { World } from "../model/world";

/**
 * Why pods may get their credentials from another source than the component. Empty before EKS was asked.
 *
 * A managed add-on that carries the component's own role writes the same annotation, so it is no other source.
 *
 * @param detaches Whether a policy is detached from node roles: an unknown source is a reason to refuse then.
 * @param moves Whether the run goes on to move the pods away from the add-on's role, as far as its delivery says so.
 */
export function otherDeliveryRefusals(
    subject: Subject,
    seen: OtherDelivery | undefined,
    detaches: boolean,
    moves = false,
): Refusal[] {
    if (seen === undefined) {
        return [];
    }
    const { addOnRoleArn, podIdentityRoleArns, clusterName } = seen;
    const named = clusterName === undefined ? subject : { ...subject, clusterName };
    const leaves = moves && (subject.delivery !== undefined || subject.addOnDelivered === true);
    return [
        ...(addOnRoleArn === undefined || addOnRoleArn === subject.roleArn || leaves
            ? []
            : [refusals.addOnHasRole(addOnRoleArn)]),
        ...(podIdentityRoleArns.length === 0 ? [] : [refusals.podIdentityAssociation(named, podIdentityRoleArns)]),
        ...(detaches ? unreadRefusals(subject, seen) : []),
    ];
}

function unreadRefusals(subject: Subject, { clusterNameUnknown, unread }: OtherDelivery): Refusal[] {
    const denied = unread.filter(({ cause }) => cause === "denied");
    const unsupported = unread.filter(({ cause }) => cause === "unsupported");
    return [
        ...(clusterNameUnknown === undefined ? [] : [refusals.clusterNameUnknown(clusterNameUnknown, subject)]),
        ...(denied.length === 0 ? [] : [refusals.otherDeliveryDenied(denied, subject)]),
        ...(unsupported.length === 0 ? [] : [refusals.otherDeliveryUnsupported(unsupported, subject)]),
    ];
}

/**
 * While a Pod Identity association exists, a pod that restarts gets its credentials again, so nothing is restarted. It is not
 * known either what to restart if the associations could not be read.
 */
export function associationStep(subject: Subject, { cluster, account }: World): Step | undefined {
    const { podIdentityRoleArns: roleArns } = account;
    const pods = cluster.pods.filter(({ credentials }) => credentials.kind === "containerCredentials");
    const stands = roleArns === undefined ? pods.length > 0 : roleArns.length > 0;
    return stands ? { do: "refuse", refusal: refusals.podIdentityLater(subject, roleArns, pods) } : undefined;
}
