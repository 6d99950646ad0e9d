import type { OtherDelivery } from "../model/otherDelivery";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { World } from "../model/world";
import { ownAssociationStep, seenAssociations } from "./association";

/**
 * Why pods may get their credentials from another source than the component. Empty before EKS was asked.
 *
 * A managed add-on that carries the component's own role writes the same annotation, so it is no other source.
 *
 * @param detaches Whether a policy is detached from node roles: an unknown source is a reason to refuse then.
 * With `podIdentity`, each look compares the association itself (decide/association.ts), except the one before the component has one.
 *
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
    const leaves =
        moves &&
        ((subject.delivery !== undefined && subject.delivery !== "podIdentity") || subject.addOnDelivered === true);
    const others = subject.delivery === "podIdentity" && !moves ? [] : podIdentityRoleArns;
    return [
        ...(addOnRoleArn === undefined || addOnRoleArn === subject.roleArn || leaves
            ? []
            : [refusals.addOnHasRole(addOnRoleArn)]),
        ...(others.length === 0 ? [] : [refusals.podIdentityAssociation(named, others)]),
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
export function associationStep(subject: Subject, world: World): Step | undefined {
    const { cluster, account } = world;
    if (subject.delivery === "podIdentity") {
        return ownAssociationStep(subject, world);
    }
    const roleArns = account.podIdentityRoleArns ?? seenAssociations(world)?.map(({ roleArn }) => roleArn);
    const pods = cluster.pods.filter(({ credentials }) => credentials.kind === "containerCredentials");
    const stands = roleArns === undefined ? pods.length > 0 : roleArns.length > 0;
    return stands ? { do: "refuse", refusal: refusals.podIdentityLater(subject, roleArns, pods) } : undefined;
}
