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
 * Whether every pod already carries what the component is about to deliver, set up by AWS's own commands or by eksctl.
 *
 * The rollout would then restart pods for nothing. If the component has rolled out before, its rollout annotation says what was
 * delivered.
 *
 * @param original The annotations from before the component, which its own earlier runs did not write.
 */
export function carriedBefore(subject: Subject, original: Annotations, { daemonSet, pods }: ClusterSeen): boolean {
    return (
        isDelivered(subject.annotations, original) &&
        daemonSet?.templateAnnotations[ROLLOUT_ANNOTATION] === undefined &&
        pods.every((pod) => pod.terminating || carriesRole(pod, subject))
    );
}

/** The annotations show what a pod does not: its token's lifetime, and whether the global STS endpoint was requested. */
function isDelivered(wanted: Annotations, original: Annotations): boolean {
    const decisive = [
        ROLE_ARN_ANNOTATION,
        TOKEN_EXPIRATION_ANNOTATION,
        ...(wanted[STS_REGIONAL_ENDPOINTS_ANNOTATION] === "false" ? [STS_REGIONAL_ENDPOINTS_ANNOTATION] : []),
    ];
    return decisive.every((name) => wanted[name] === original[name]);
}
