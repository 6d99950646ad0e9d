import { hasContainerCredentials } from "../decide/association";
import { carriesAnyOf, othersThatCarry } from "../model/carriedRole";
import { HandOverRecord, subjectOf } from "../model/record";
import { refusals } from "../model/refusals";
import type { RunContext } from "../observe/runContext";
import { isClusterGone } from "./clusterGone";

/**
 * Looks before `forceDestroy` lets the role go, and refuses while a pod that can be seen needs it.
 *
 * Returns `skip` if the cluster is gone. One that answers is handed back as usual, since a pod that is created later would get a role
 * that no longer exists.
 */
export async function lookBeforeForcing(context: RunContext, record: HandOverRecord): Promise<"skip" | "handBack"> {
    if (await isClusterGone(context, true)) {
        return skip(context);
    }
    const cluster = await context.cluster.look();
    const isRecorded = cluster.uid === record.clusterUid;
    const subject = subjectOf(record, context.subject);
    if (isRecorded && context.turningOff !== undefined) {
        return "handBack";
    }
    const { approvedRoleArns } = record;
    const carriers = [
        ...cluster.pods.filter(
            (pod) =>
                carriesAnyOf(pod, approvedRoleArns) ||
                (record.podIdentityDelivered === true && hasContainerCredentials(pod)),
        ),
        ...othersThatCarry(cluster, approvedRoleArns),
    ];
    if (carriers.length > 0) {
        throw refusals.forceDestroyWithPods(carriers, isRecorded);
    }
    if (isRecorded) {
        context.progress("forceDestroy is set, but the cluster answers: it is handed back, which restarts no pod");
        return "handBack";
    }
    const { clusterName, issuers } = subject;
    if (clusterName === undefined || (await context.aws.clusterStatus(clusterName, issuers[0])) !== "gone") {
        // The pods of the original cluster cannot be seen with this kubeconfig, and only EKS can say that it is gone.
        throw refusals.anotherClusterAnswers(record.clusterUid, cluster.uid, clusterName);
    }
    context.progress(
        `forceDestroy is set, another cluster answers, and EKS says that ${clusterName} is gone: nothing is restored`,
    );
    return skip(context);
}

function skip(context: RunContext): "skip" {
    nameOtherClusters(context);
    return "skip";
}

/** Names the clusters that share the role, whose pods nothing has seen. */
export function nameOtherClusters({ subject, progress }: RunContext): void {
    const [, ...others] = subject.issuers;
    if (others.length > 0) {
        progress(`The role also trusts ${others.join(", ")}: pods there that still carry it fail without it`);
    }
}
