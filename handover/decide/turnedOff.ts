import {
    LIVE_CHECKS_ANNOTATION,
    LIVE_CHECKS_OFF,
    ROLE_ARN_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf, othersThatCarry } from "../model/carriedRole";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { TurningOff } from "../model/turningOff";
import type { ClusterSeen } from "../model/world";
import { wakeMarkStep } from "./fleet";

/**
 * Whether the component continues without live checks.
 *
 * Its update annotates the service account before the live checks are deleted. The annotation alone says nothing: it outlives an
 * update that was killed, and a destroy may follow. In doubt everything is handed back.
 */
export function isTurnedOff(
    { fieldManager }: Subject,
    { serviceAccount }: ClusterSeen,
    turningOff: TurningOff | undefined,
): boolean {
    const { annotations = {}, roleArnOwners = [] } = serviceAccount ?? {};
    return (
        (turningOff === "annotated" || turningOff === "annotatedExistingRole") &&
        annotations[LIVE_CHECKS_ANNOTATION] === LIVE_CHECKS_OFF &&
        annotations[ROLE_ARN_ANNOTATION] !== undefined &&
        roleArnOwners.includes(fieldManager)
    );
}

/**
 * Annotation, pods and role stay. The injection guard is removed: without the record, a destroy would not remove it.
 *
 * A former role that an unfinished update has replaced is deleted at the end of this one, so no pod may carry it. The pods of other
 * clusters that share the role of the last update cannot be seen.
 */
export function nextTurningOffStep(
    record: HandOverRecord,
    cluster: ClusterSeen,
    { roleArn, issuers }: Pick<Subject, "roleArn" | "issuers">,
): Step {
    const { approvedRoleArns, ownRoleArns = approvedRoleArns } = record;
    const annotated = cluster.serviceAccount?.annotations[ROLE_ARN_ANNOTATION];
    const retired = ownRoleArns.filter((arn) => arn !== annotated);
    const carriers = [
        ...cluster.pods.filter((pod) => carriesAnyOf(pod, retired)),
        ...othersThatCarry(cluster, retired),
    ];
    if (carriers.length > 0) {
        return { do: "refuse", refusal: refusals.formerRoleCarried(carriers) };
    }
    const [, ...others] = issuers;
    if (others.length > 0 && retired.includes(roleArn)) {
        // Without live checks, nothing would note that they have left.
        const first = "Turn the live checks on again.";
        return { do: "refuse", refusal: refusals.sharedRoleReplaced(roleArn, others, first) };
    }
    return cluster.injectionGuard.present
        ? { do: "removeInjectionGuard", why: "the live checks are turned off: removing the injection guard" }
        : (wakeMarkStep(cluster) ?? {
              do: "done",
              why: "the live checks are turned off: annotation, pods and role stay as they are",
          });
}
