import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesRole } from "../model/carriedRole";
import type { HandOverRecord } from "../model/record";
import { isSameAccount, type ServiceAccountName, type Subject } from "../model/subject";
import { webhookAnnotations } from "../model/webhookAnnotations";
import type { World } from "../model/world";
import { reliesOnRole } from "./reliesOnRole";

type Annotations = Readonly<Record<string, string>>;

/** The record of the role that was approved before. */
export interface ApprovedBefore {
    readonly subject: Subject;
    readonly formerAnnotations: Annotations;
    readonly approvedRoleArns: readonly string[];
    /** Those that the component deletes once another one has replaced them. */
    readonly ownRoleArns: readonly string[];
}

/**
 * The annotations to restore if the role that is about to be approved does not work.
 *
 * The live annotation may be the component's own and never shown to work by a canary (its run was killed), it may have been
 * removed, or another party may have written another role. Then a Ready pod shows whether the formerly approved role works, or the one
 * before it, to which a rollout that failed has returned. If no pod does, another party's annotations stay, and the component's own give
 * way to those from before that role. A role of the component's own among them may have been deleted since, so a Ready pod must show that
 * one, too. Otherwise pods return to the node role, which holds its policies again by then.
 *
 * The pods that leave an association come from the node roles. The annotations from before the association gave them nothing.
 */
export function formerAnnotations(
    world: World,
    before: ApprovedBefore | undefined,
    serviceAccount: ServiceAccountName,
): Annotations {
    const live = webhookAnnotations(world);
    const roleArn = live[ROLE_ARN_ANNOTATION];
    if (before === undefined) {
        return live;
    }
    const isSame = isSameAccount(before.subject.serviceAccount, serviceAccount);
    const shown = [before.subject.annotations, before.formerAnnotations].find((one) => isCarried(world, one));
    if (isSame && shown !== undefined) {
        return shown;
    }
    if (roleArn !== undefined && !before.approvedRoleArns.includes(roleArn)) {
        return live;
    }
    // The former roles do not trust another service account.
    if (!isSame || before.subject.delivery === "podIdentity") {
        return {};
    }
    return withoutDeletedRole(world, before.formerAnnotations, before.ownRoleArns);
}

/**
 * Nothing instead of a role of the component's own that pods no longer carry: the engine may have deleted it since. A Ready pod that
 * carries it shows that it has not.
 */
export function withoutDeletedRole(world: World, former: Annotations, ownRoleArns: readonly string[]): Annotations {
    const { [ROLE_ARN_ANNOTATION]: roleArn } = former;
    const stays = roleArn === undefined || !ownRoleArns.includes(roleArn);
    return stays || isCarried(world, former) ? former : {};
}

/**
 * The annotations to restore if the role that pods carry gets other annotations, and these do not work.
 *
 * Without the policies on the node roles, no pod may go back to them. The live annotations of the role are then the last that worked.
 */
export function formerAnnotationsOfSameRole(
    world: World,
    before: ApprovedBefore & { readonly record: HandOverRecord },
    serviceAccount: ServiceAccountName,
): Annotations {
    const { subject, formerAnnotations: former, record } = before;
    if (!reliesOnRole(record, world, subject.roleArn)) {
        return isSameAccount(subject.serviceAccount, serviceAccount) ? former : othersAnnotations(world, before);
    }
    const live = webhookAnnotations(world);
    return live[ROLE_ARN_ANNOTATION] === subject.roleArn ? live : subject.annotations;
}

/** The annotations of another service account, without those of the component. The former roles may not trust that account. */
function othersAnnotations(world: World, { approvedRoleArns }: ApprovedBefore): Annotations {
    const live = webhookAnnotations(world);
    return approvedRoleArns.includes(live[ROLE_ARN_ANNOTATION] ?? "") ? {} : live;
}

/** Whether a Ready pod carries the role of these annotations. */
function isCarried({ cluster }: World, annotations: Annotations): boolean {
    const roleArn = annotations[ROLE_ARN_ANNOTATION] ?? "";
    return cluster.pods.some((pod) => pod.ready && carriesRole(pod, { roleArn, annotations }));
}
