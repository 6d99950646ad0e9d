import { parseRoleArn } from "../../documents/arn";
import { isRefusal, NoConnection, Refusal } from "../model/refusal";
import type { RunContext } from "../observe/runContext";

/** A deleted cluster fails with one of these codes. So does one behind a lost VPN, or one that rejects the caller. */
const NO_ACCESS_TO_THE_CLUSTER = [
    "cluster-unreachable",
    "cluster-credentials-missing",
    "cluster-credentials-expired",
    "cluster-credentials-refused",
    "cluster-access-denied",
    "kubeconfig-invalid",
];

/**
 * Whether the cluster no longer exists. Throws if that is unknown.
 *
 * EKS's word counts always. That no server answers counts only if the user says so, too: a lost VPN looks the same. A server that
 * rejects the credentials is not gone, and without credentials nothing is known about it.
 *
 * @param forced Whether the program sets `forceDestroy`.
 */
export async function isClusterGone(context: RunContext, forced: boolean): Promise<boolean> {
    try {
        await context.cluster.identity();
        return false;
    } catch (error) {
        if (!isRefusal(error, ...NO_ACCESS_TO_THE_CLUSTER)) {
            throw error;
        }
        if (forced && error instanceof NoConnection) {
            context.progress(
                `forceDestroy is set, and the cluster does not answer: nothing is restored. ${error.seen}`,
            );
            return true;
        }
        if (await eksSaysGone(context)) {
            context.progress(
                `The EKS cluster ${context.subject.clusterName ?? ""} no longer exists: nothing to restore`,
            );
            return true;
        }
        throw clusterUnavailable(error, context.subject.clusterName, forced);
    }
}

/** In another account than the role's, EKS does not know the cluster either. */
async function eksSaysGone({ subject, aws }: RunContext): Promise<boolean> {
    const { clusterName, issuers, roleArn } = subject;
    return (
        clusterName !== undefined &&
        (await aws.clusterStatus(clusterName, issuers[0])) === "gone" &&
        (await aws.callerAccount()) === parseRoleArn(roleArn)?.accountId
    );
}

function clusterUnavailable({ code, seen, means, fix }: Refusal, clusterName = "CLUSTER", forced: boolean): Refusal {
    return new Refusal(
        code,
        seen,
        `${means} The cluster's pods may still carry the role, so nothing was removed.`,
        forced
            ? `forceDestroy looks at the cluster first, and counts it as gone only if no server answers, or if EKS says so. ${fix} After a ` +
                  "change of the argument kubeconfig, run pulumi up first. Then run pulumi destroy again."
            : "Restore access to the cluster, and run pulumi destroy again (after a change of the argument kubeconfig, run pulumi up " +
                  `first). ${fix} If the cluster no longer exists (aws eks describe-cluster --name ${clusterName} answers ` +
                  "ResourceNotFoundException), set forceDestroy: true, run pulumi up, then pulumi destroy.",
    );
}
