import {
    LIVE_CHECKS_ANNOTATION,
    LIVE_CHECKS_OFF,
    ROLE_ARN_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen } from "../model/world";
import { wakeMarkStep } from "./fleet";

/**
 * Whether the component goes on without live checks. It has said so on the service account before its live checks are deleted,
 * and nobody says so on destroy, so that in doubt everything is handed back.
 */
export function isTurnedOff({ fieldManager }: Subject, { serviceAccount }: ClusterSeen): boolean {
    const { annotations = {}, roleArnOwners = [] } = serviceAccount ?? {};
    return (
        annotations[LIVE_CHECKS_ANNOTATION] === LIVE_CHECKS_OFF &&
        annotations[ROLE_ARN_ANNOTATION] !== undefined &&
        roleArnOwners.includes(fieldManager)
    );
}

/** Annotation, pods and role stay. The injection guard goes: once this record is gone, nobody would take it away on destroy. */
export function nextTurningOffStep(cluster: ClusterSeen): Step {
    return cluster.injectionGuard.present
        ? { do: "removeInjectionGuard", why: "the live checks are turned off: removing the injection guard" }
        : (wakeMarkStep(cluster) ?? {
              do: "done",
              why: "the live checks are turned off: annotation, pods and role stay as they are",
          });
}
