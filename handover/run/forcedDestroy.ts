import { isTurnedOff } from "../decide/turnedOff";
import { carriesAnyOf } from "../model/carriedRole";
import { HandOverRecord, subjectOf } from "../model/record";
import { refusals } from "../model/refusals";
import type { ClusterSeen } from "../model/world";
import type { RunContext } from "../observe/runContext";
import { isClusterGone } from "./clusterGone";

/**
 * Looks before `forceDestroy` lets the role go, and refuses while a pod that can be seen needs it.
 *
 * Returns `handBack` if the live checks are being turned off: the role stays then, so a delete goes its usual way.
 */
export async function lookBeforeForcing(context: RunContext, record: HandOverRecord): Promise<"skip" | "handBack"> {
    const subject = subjectOf(record, context.subject);
    const [, ...others] = subject.issuers;
    if (await isClusterGone(context, true)) {
        if (others.length > 0) {
            context.progress(
                `The role also trusts ${others.join(", ")}: pods there that still carry it fail without it`,
            );
        }
        return "skip";
    }
    const cluster = await context.cluster.look();
    const isRecorded = cluster.uid === record.clusterUid;
    if (isRecorded && isTurnedOff(subject, cluster)) {
        return "handBack";
    }
    const carriers = cluster.pods.filter((pod) => carriesAnyOf(pod, record.approvedRoleArns));
    if (carriers.length > 0) {
        throw refusals.forceDestroyWithPods(carriers, isRecorded);
    }
    if (!isRecorded) {
        await assertOriginalIsGone(context, record, cluster);
    }
    if (others.length > 0) {
        throw refusals.additionalIssuers(others);
    }
    context.progress("forceDestroy is set, and no pod of the cluster carries the role: nothing is restored");
    return "skip";
}

/** Another cluster answers. If EKS knows the original one, its pods cannot be seen with this kubeconfig. */
async function assertOriginalIsGone(context: RunContext, record: HandOverRecord, { uid }: ClusterSeen): Promise<void> {
    const { clusterName, issuers } = context.subject;
    if (clusterName !== undefined && (await context.aws.clusterStatus(clusterName, issuers[0])) === "there") {
        throw refusals.clusterChanged(record.clusterUid, uid);
    }
}
