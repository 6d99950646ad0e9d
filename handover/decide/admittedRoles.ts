import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf } from "../model/carriedRole";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen, World } from "../model/world";

/** The goal before the service account gets another role: the injection guard admits pods with it. */
export interface WideningTarget {
    /** With the new role. */
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** The annotations to restore if the new role does not work. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
}

/**
 * Adds the new role to the injection guard, if there is one. The roles that pods may carry until they restart stay: those that it
 * admits already, and approved roles that pods or the annotation have.
 */
export function nextWideningStep(target: WideningTarget, { cluster }: World): Step {
    const { roleArn } = target.subject;
    const { roleArns: admitted, otherExpressions = false } = cluster.injectionGuard;
    if (admitted === undefined) {
        return { do: "done", why: "there is no injection guard" };
    }
    const roleArns = [...new Set([...admitted, ...rolesInUse(target, cluster), ...byWebIdentity(target.subject)])];
    return roleArns.length === admitted.length && !(isOfAssociation(target.subject) && otherExpressions)
        ? { do: "done", why: `the injection guard admits ${roleArn}` }
        : { do: "admitRoles", roleArns, why: `the injection guard also admits pods with ${roleArn} from now on` };
}

function rolesInUse({ record, formerAnnotations }: WideningTarget, { serviceAccount, pods }: ClusterSeen): string[] {
    const annotated = serviceAccount?.annotations[ROLE_ARN_ANNOTATION];
    const { [ROLE_ARN_ANNOTATION]: former } = formerAnnotations;
    return [
        ...record.approvedRoleArns.filter((arn) => arn === annotated || pods.some((pod) => carriesAnyOf(pod, [arn]))),
        ...(former === undefined ? [] : [former]),
    ];
}

/** The roles that it admits by name. A pod shows the role of web identity alone. Container credentials are admitted in any case: see documents/injectionGuard.ts. */
export function byWebIdentity(subject: Subject): readonly string[] {
    return isOfAssociation(subject) ? [] : [subject.roleArn];
}

const isOfAssociation = ({ delivery }: Subject) => delivery === "podIdentity";

/** The goal of a hand-over that has delivered its role. */
export interface AdmissionTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    readonly injectionGuard: boolean;
}

/** Lets pods with the role pass, if the injection guard was changed so that it refuses them. Undefined if it admits them. */
export function admitRoleStep(
    { subject, record, injectionGuard }: AdmissionTarget,
    seen: ClusterSeen,
): Step | undefined {
    const { roleArns: admitted, otherExpressions = false } = seen.injectionGuard;
    const admits = isOfAssociation(subject) ? !otherExpressions : admitted?.includes(subject.roleArn);
    if (!injectionGuard || admitted === undefined || admits === true) {
        return undefined;
    }
    const approved = admitted.filter((arn) => record.approvedRoleArns.includes(arn));
    return {
        do: "admitRoles",
        roleArns: [...approved, ...byWebIdentity(subject)],
        why:
            admitted.length === 0
                ? `the injection guard has other expressions than this version's: it compares pods with ${subject.roleArn} from now on`
                : `the injection guard was changed: it admits pods with ${subject.roleArn} again`,
    };
}

/** Creates the injection guard, or what is missing of it. Undefined if nothing is, or if the program asks for none. */
export function createGuardStep(
    { subject, record, injectionGuard }: AdmissionTarget,
    seen: ClusterSeen,
): Step | undefined {
    const { roleArns: admitted, unbound = false, othersManagers } = seen.injectionGuard;
    if (!injectionGuard || (admitted !== undefined && !unbound)) {
        return undefined;
    }
    if (othersManagers !== undefined) {
        return { do: "refuse", refusal: refusals.injectionGuardOfOthers(subject, othersManagers) };
    }
    const approved = (admitted ?? []).filter((arn) => record.approvedRoleArns.includes(arn));
    return {
        do: "createInjectionGuard",
        roleArns: [...new Set([...approved, ...byWebIdentity(subject)])],
        why: `creating the injection guard ${subject.injectionGuardName}: from now on it refuses new pods without the role`,
    };
}

/** Whether the injection guard refuses pods that start with these annotations of the service account. */
export function guardRefuses(
    { injectionGuard: { inForce, roleArns } }: ClusterSeen,
    { [ROLE_ARN_ANNOTATION]: roleArn }: Readonly<Record<string, string>>,
): boolean {
    return inForce && roleArns !== undefined && (roleArn === undefined || !roleArns.includes(roleArn));
}

/** Limits the injection guard to the role, once no pod has another one. Undefined if it admits no other role. */
export function narrowStep({ subject, injectionGuard }: AdmissionTarget, seen: ClusterSeen): Step | undefined {
    const { roleArns: admitted = [] } = seen.injectionGuard;
    const wanted = byWebIdentity(subject);
    const others = admitted.filter((arn) => !wanted.includes(arn));
    return injectionGuard && others.length > 0
        ? {
              do: "admitRoles",
              roleArns: wanted,
              why: `the injection guard no longer admits pods with ${others.join(", ")}`,
          }
        : undefined;
}
