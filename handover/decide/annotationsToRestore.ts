import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf } from "../model/carriedRole";
import { isAnnotated } from "../model/isAnnotated";
import { HandOverRecord, recordedNotAttached } from "../model/record";
import type { Subject } from "../model/subject";
import type { World } from "../model/world";
import { guardRefuses } from "./admittedRoles";
import { isAppliedByAddOn } from "./delivery";
import { withoutDeletedRole } from "./formerAnnotations";
import { SHOWN_AFTER_MILLISECONDS } from "./giveBack";
import { rolesOf } from "./nodeRolePolicies";
import { isDetached, reliesOnRole } from "./reliesOnRole";

/** A rollout that can be taken back. */
export interface Restorable {
    readonly record: HandOverRecord;
    readonly subject: Subject;
    /** The service account's annotations from before this role was approved. */
    readonly formerAnnotations: Readonly<Record<string, string>>;
    /** Whether a rollout of this role has finished before. */
    readonly isRepair: boolean;
    /** Whether the state still has the rollout of the role before: the engine has not deleted that role then. A destroy deletes it early. */
    readonly isReplacing: boolean;
    /** How long IAM may take to enforce a policy. */
    readonly iamPropagationSeconds: number;
}

/**
 * The annotations to restore if a rollout fails: those of the role itself if there is nothing to go back to.
 *
 * A rollout that runs again on a cluster that is handed over (after a destroy that was killed, for example) must not send pods back to
 * node roles without the policies. It does not know about them if the run has seen nothing. Under the injection guard of such a cluster, no
 * pod could be created with the former annotations. A role that was approved before may work, and the guard admits it until the pods have moved.
 * As long as no policy has left a node role, nothing relies on the guard: it is removed.
 *
 * Only the other writer takes back a role that it delivers. If it has done so, no annotation is left to restore.
 *
 * @param attachedAt When the run attached policies to the node roles again. Undefined if it has not.
 */
export function annotationsToRestore(
    target: Restorable,
    first: World | undefined,
    last: World | undefined,
    attachedAt?: number,
): Readonly<Record<string, string>> {
    const { record, subject, isRepair } = target;
    if (isWrittenByAnother(subject, last)) {
        return last === undefined || isAnnotated(subject, last.cluster) ? subject.annotations : {};
    }
    const formerAnnotations = existing(target, first);
    const relies =
        first === undefined
            ? record.namedNodeRoles.length > 0
            : (reliesOnRole(record, first, subject.roleArn) && !areGivenBack(target, last, attachedAt)) ||
              (isRepair && last !== undefined && areDetached(record, last));
    const isKept = relies && formerAnnotations[ROLE_ARN_ANNOTATION] === undefined;
    if (isKept || last === undefined || !guardRefuses(last.cluster, formerAnnotations)) {
        return isKept ? subject.annotations : formerAnnotations;
    }
    const other = otherAdmitted(target, last);
    if (other !== undefined) {
        return { [ROLE_ARN_ANNOTATION]: other };
    }
    return mayRemoveGuard(record, first, last) ? formerAnnotations : subject.annotations;
}

function isWrittenByAnother({ delivery }: Subject, last: World | undefined): boolean {
    return delivery === "external" || (delivery === "eksAddon" && last !== undefined && isAppliedByAddOn(last.cluster));
}

/** Another approved role that the guard admits. */
function otherAdmitted({ record, subject }: Restorable, { cluster }: World): string | undefined {
    const { roleArns: admitted = [] } = cluster.injectionGuard;
    const former = formerRoleArns(record, subject);
    return admitted.find((arn) => former.includes(arn));
}

/**
 * Whether nothing relies on the injection guard: each node role has all the policies on record, from the first look of the run to the last. The
 * looks are so far apart that IAM would show a detachment by an earlier run.
 */
export function mayRemoveGuard(record: HandOverRecord, first: World | undefined, last: World | undefined): boolean {
    return (
        first !== undefined &&
        last !== undefined &&
        last.at - first.at >= SHOWN_AFTER_MILLISECONDS &&
        [first, last].every((world) => holdAll(record, world))
    );
}

/** Whether the run has given the node roles all their policies back, and IAM has had the time to enforce them. */
function areGivenBack(
    { record, iamPropagationSeconds }: Restorable,
    last: World | undefined,
    attachedAt: number | undefined,
): boolean {
    return (
        last !== undefined &&
        attachedAt !== undefined &&
        last.at - attachedAt >= iamPropagationSeconds * 1000 &&
        holdAll(record, last)
    );
}

/** Whether each node role has all the policies on record. */
function holdAll(record: HandOverRecord, { account }: World): boolean {
    return account.nodeRoles.every(
        (role) => !role.exists || (!isDetached(record, role) && recordedNotAttached(record, role).length === 0),
    );
}

/** Whether the roles of all nodes lack their policies when the rollout fails: a pod that goes back to one could not work, even if none works now. */
function areDetached(record: HandOverRecord, { cluster, account }: World): boolean {
    const roles = rolesOf(cluster.nodes, account);
    return roles.length > 0 && roles.every((role) => isDetached(record, role));
}

/**
 * A later repair, or a rollout after a destroy that did not finish, still has the annotations from before the present role was approved. Their
 * role may have been deleted after the pods moved.
 *
 * A rollout that replaces a role may find it on a Ready pod only now: the cluster may have had none when the guard approved the new role.
 */
function existing(target: Restorable, first: World | undefined): Readonly<Record<string, string>> {
    const { record, subject, formerAnnotations, isReplacing } = target;
    const { approvedRoleArns, ownRoleArns = approvedRoleArns } = record;
    if (first === undefined) {
        return formerAnnotations;
    }
    if (!isReplacing) {
        return withoutDeletedRole(
            first,
            formerAnnotations,
            ownRoleArns.filter((arn) => arn !== subject.roleArn),
        );
    }
    const carried = formerAnnotations[ROLE_ARN_ANNOTATION] === undefined ? carriedBefore(target, first) : undefined;
    return carried === undefined ? formerAnnotations : { [ROLE_ARN_ANNOTATION]: carried };
}

/** The role that was approved last before the present one and that a Ready pod carries. */
function carriedBefore({ record, subject }: Restorable, { cluster }: World): string | undefined {
    const ready = cluster.pods.filter((pod) => pod.ready);
    return formerRoleArns(record, subject)
        .filter((arn) => ready.some((pod) => carriesAnyOf(pod, [arn])))
        .at(-1);
}

/**
 * The other approved roles. None after a move from another service account: a role may trust only that one, and the record does not say which.
 */
function formerRoleArns(
    { approvedRoleArns }: HandOverRecord,
    { roleArn, formerServiceAccounts = [] }: Subject,
): string[] {
    return formerServiceAccounts.length > 0 ? [] : approvedRoleArns.filter((arn) => arn !== roleArn);
}
