import {
    ROLE_ARN_ANNOTATION,
    ROLLOUT_ANNOTATION,
    STS_REGIONAL_ENDPOINTS_ANNOTATION,
    TOKEN_EXPIRATION_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { carriesRole } from "../model/carriedRole";
import type { Subject } from "../model/subject";
import type { ClusterSeen } from "../model/world";

type Annotations = Readonly<Record<string, string>>;

/**
 * Whether every pod carries since before the component what it is about to deliver, by AWS's own commands or by eksctl: then the
 * rollout would restart pods for nothing. Where the component has rolled out before, its annotation says what was delivered.
 */
export function carriedBefore(subject: Subject, former: Annotations, { daemonSet, pods }: ClusterSeen): boolean {
    return (
        isDelivered(subject.annotations, former) &&
        daemonSet?.templateAnnotations[ROLLOUT_ANNOTATION] === undefined &&
        pods.every((pod) => pod.terminating || carriesRole(pod, subject))
    );
}

/** A pod does not tell how long its token lives, nor whether it was to use the global endpoint: the annotations do. */
function isDelivered(wanted: Annotations, former: Annotations): boolean {
    const decisive = [
        ROLE_ARN_ANNOTATION,
        TOKEN_EXPIRATION_ANNOTATION,
        ...(wanted[STS_REGIONAL_ENDPOINTS_ANNOTATION] === "false" ? [STS_REGIONAL_ENDPOINTS_ANNOTATION] : []),
    ];
    return decisive.every((name) => wanted[name] === former[name]);
}
