import { carriesRole } from "../model/carriedRole";
import type { HandOverRecord } from "../model/record";
import type { Subject } from "../model/subject";
import type { PodSeen } from "../model/world";

/** The role that pods are to carry, and since when. */
export interface DeliveryTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
}

/** Whether a pod carries the role as it is delivered now. */
export function hasDelivery(pod: PodSeen, { subject, record }: DeliveryTarget): boolean {
    return carriesRole(pod, subject) && pod.createdAt >= (record.deliveredAt ?? 0);
}
