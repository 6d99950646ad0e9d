import { PATCH_FIELD_MANAGER_ANNOTATION, ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf } from "../model/carriedRole";
import type { HandOverRecord } from "../model/record";
import type { Subject } from "../model/subject";
import type { TurningOff } from "../model/turningOff";
import type { ClusterSeen, PodSeen } from "../model/world";

/** The goal of the hand-back. */
export interface HandBackTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    readonly iamPropagationSeconds: number;
    /** The subject of the association, if an update moves the pods away from it. Missing: `subject`. */
    readonly leaving?: Subject;
    /** The annotations to restore: those of the role from before the hand-over if it still works, otherwise none. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
    /** Whether the run's program turns the live checks off. */
    readonly turningOff?: TurningOff;
    /** How long a pod may take until it works with its former credentials. Undefined: there is no limit of its own. */
    readonly canarySeconds?: number;
    /** How many NotReady nodes the hand-back may skip. Missing: none. */
    readonly maxNotReadyNodes?: number;
    /** How long another writer, or an update of the add-on, may take. Missing: as long as the default says. */
    readonly deliverySeconds?: number;
}

/** The roles that no pod may carry in the end: every role that was ever approved, except the one that is restored. */
export function retiredRoles({ record, formerAnnotations }: HandBackTarget): string[] {
    return record.approvedRoleArns.filter((arn) => arn !== formerAnnotations[ROLE_ARN_ANNOTATION]);
}

export function carries(target: HandBackTarget): (pod: PodSeen) => boolean {
    const { record } = target;
    const roles = retiredRoles(target);
    return (pod) => carriesAnyOf(pod, roles) || (record.podIdentityDelivered === true && mayHaveRole(record, pod));
}

/** A pod does not show the role of its association. It counts, unless the look has read the association, and that has a role of another party. */
function mayHaveRole({ approvedRoleArns }: HandOverRecord, { credentials }: PodSeen): boolean {
    return (
        credentials.kind === "containerCredentials" &&
        (credentials.roleArn === undefined || approvedRoleArns.includes(credentials.roleArn))
    );
}

/** Whether the component's patch still owns fields of the service account. */
export function isOwnedByComponent(
    { fieldManager }: Subject,
    { annotations, roleArnOwners }: NonNullable<ClusterSeen["serviceAccount"]>,
) {
    return roleArnOwners.includes(fieldManager) || annotations[PATCH_FIELD_MANAGER_ANNOTATION] === fieldManager;
}
