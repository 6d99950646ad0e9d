import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesRole } from "../model/carriedRole";
import type { Subject } from "../model/subject";
import { webhookAnnotations } from "../model/webhookAnnotations";
import type { World } from "../model/world";

type Annotations = Readonly<Record<string, string>>;

/** The record of the role that was approved before. */
export interface ApprovedBefore {
    readonly subject: Subject;
    readonly formerAnnotations: Annotations;
    readonly approvedRoleArns: readonly string[];
}

/**
 * The annotations to restore if the role that is about to be approved does not work.
 *
 * The live annotation may be the component's own and never shown to work by a canary (its run was killed), it may have been
 * removed, or another party may have written another role. Then a Ready pod shows whether the formerly approved role works. If no
 * pod does, another party's annotations stay, and the component's own give way to those from before that role.
 */
export function formerAnnotations(world: World, before: ApprovedBefore | undefined): Annotations {
    const live = webhookAnnotations(world);
    const roleArn = live[ROLE_ARN_ANNOTATION];
    if (before === undefined) {
        return live;
    }
    if (world.cluster.pods.some((pod) => pod.ready && carriesRole(pod, before.subject))) {
        return before.subject.annotations;
    }
    return roleArn !== undefined && !before.approvedRoleArns.includes(roleArn) ? live : before.formerAnnotations;
}
