import {
    ROLE_ARN_ANNOTATION,
    STS_REGIONAL_ENDPOINTS_ANNOTATION,
    TOKEN_EXPIRATION_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { carriesAnyOf } from "../model/carriedRole";
import type { HandOverRecord } from "../model/record";
import type { Subject } from "../model/subject";
import { webhookAnnotations } from "../model/webhookAnnotations";
import type { World } from "../model/world";

type Annotations = Readonly<Record<string, string>>;

/** The approval of an earlier run. */
interface Approved {
    readonly subject: Pick<Subject, "roleArn" | "annotations">;
    readonly approvedRole: string;
}

/**
 * Records when a role that pods carry is delivered in another way. A pod does not show whether it got its session from a role before that was
 * recreated under the same ARN, nor its token's lifetime, nor that it was to use the global STS endpoint. So its age decides.
 *
 * @param before Undefined if the component has approved no role yet: AWS's own commands or eksctl may have delivered this one.
 */
export function withDelivery(
    record: HandOverRecord,
    subject: Subject,
    before: Approved | undefined,
    approvedRole: string,
    world: World,
): HandOverRecord {
    const isRecreated =
        before !== undefined && before.subject.roleArn === subject.roleArn && before.approvedRole !== approvedRole;
    const annotations = before?.subject.annotations ?? webhookAnnotations(world);
    const isCarried = world.cluster.pods.some((pod) => carriesAnyOf(pod, [subject.roleArn]));
    const isChanged =
        isCarried && annotations[ROLE_ARN_ANNOTATION] === subject.roleArn && differs(subject.annotations, annotations);
    return isRecreated || isChanged ? { ...record, deliveredAt: world.at } : record;
}

/** A request for the regional endpoint shows in the pods. One for the global endpoint, or none, is their default. */
function differs(wanted: Annotations, before: Annotations): boolean {
    const decisive = [
        TOKEN_EXPIRATION_ANNOTATION,
        ...(wanted[STS_REGIONAL_ENDPOINTS_ANNOTATION] === "false" ? [STS_REGIONAL_ENDPOINTS_ANNOTATION] : []),
    ];
    return decisive.some((name) => wanted[name] !== before[name]);
}
