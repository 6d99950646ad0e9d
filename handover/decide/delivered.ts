import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf, carriesRole } from "../model/carriedRole";
import type { HandOverRecord } from "../model/record";
import type { Subject } from "../model/subject";
import type { ClusterSeen, PodSeen } from "../model/world";

/** The role that pods are to carry, and since when. */
export interface DeliveryTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
}

/** Whether a pod carries the role as it is delivered now. */
export function hasDelivery(pod: PodSeen, { subject, record }: DeliveryTarget): boolean {
    return carriesRole(pod, subject) && pod.createdAt >= (record.deliveredAt ?? 0);
}

/** Whether the service account has the role, and so has every pod, whichever STS endpoint they use. */
export function allHaveRole(subject: Subject, { serviceAccount, pods }: ClusterSeen): boolean {
    const { roleArn, delivery } = subject;
    if (delivery === "podIdentity") {
        return pods.every((pod) => carriesRole(pod, subject));
    }
    const { [ROLE_ARN_ANNOTATION]: annotated } = serviceAccount?.annotations ?? {};
    return annotated === roleArn && pods.every((pod) => carriesAnyOf(pod, [roleArn]));
}
