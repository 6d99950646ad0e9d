import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesRole } from "../model/carriedRole";
import type { Subject } from "../model/subject";
import { webhookAnnotations } from "../model/webhookAnnotations";
import type { World } from "../model/world";

type Annotations = Readonly<Record<string, string>>;

/** What is known of the role that was approved before. */
export interface ApprovedBefore {
    readonly subject: Subject;
    readonly formerAnnotations: Annotations;
    readonly approvedRoleArns: readonly string[];
}

/**
 * What the service account goes back to when the role that is about to be approved does not work. The live annotation may be
 * one of the component's own that no canary has shown to work (its run was killed), or it may have been wiped: then a Ready pod
 * tells whether the role that was approved before works, and if none does, what there was before that one.
 */
export function formerAnnotations(world: World, before: ApprovedBefore | undefined): Annotations {
    const live = webhookAnnotations(world);
    const roleArn = live[ROLE_ARN_ANNOTATION];
    if (before === undefined || (roleArn !== undefined && !before.approvedRoleArns.includes(roleArn))) {
        return live;
    }
    const works = world.cluster.pods.some((pod) => pod.ready && carriesRole(pod, before.subject));
    return works ? before.subject.annotations : before.formerAnnotations;
}
