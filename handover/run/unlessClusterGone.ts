import { isRefusal, Refusal } from "../model/refusal";
import { OperationContext, RecordedInputs, RunContext, withRunContext } from "../observe/runContext";

/** A deleted cluster fails with one of these codes. So does a cluster behind a lost VPN. */
const NO_ACCESS_TO_THE_CLUSTER = [
    "cluster-unreachable",
    "cluster-credentials-missing",
    "cluster-credentials-expired",
    "cluster-credentials-refused",
];

/**
 * Opens a run context for a delete, and skips `use` when the cluster no longer exists. An unreachable cluster is not enough:
 * a lost VPN looks the same. Either EKS reports that the cluster is gone, or the user sets `forceDestroy`.
 */
export async function unlessClusterGone(
    inputs: RecordedInputs & { readonly forceDestroy: boolean },
    roleNames: readonly string[],
    operation: OperationContext,
    use: (context: RunContext) => Promise<void>,
): Promise<void> {
    const { subject, forceDestroy } = inputs;
    if (forceDestroy) {
        operation.progress("forceDestroy is set: the cluster is not read, and nothing is restored");
        return;
    }
    await withRunContext(inputs, roleNames, operation, async (context) => {
        try {
            await context.cluster.identity();
        } catch (error) {
            if (!isRefusal(error, ...NO_ACCESS_TO_THE_CLUSTER)) {
                throw error;
            }
            const { clusterName } = subject;
            if (clusterName !== undefined && (await context.aws.clusterStatus(clusterName)) === "gone") {
                operation.progress(`The EKS cluster ${clusterName} no longer exists: nothing to restore`);
                return;
            }
            throw clusterUnavailable(error);
        }
        await use(context);
    });
}

function clusterUnavailable({ code, seen, means }: Refusal): Refusal {
    return new Refusal(
        code,
        seen,
        `${means} The cluster's pods may still carry the role, so nothing was removed.`,
        "Restore access to the cluster, and run pulumi destroy again (after a change of the argument kubeconfig, run pulumi up first). If the cluster no longer exists, set forceDestroy: true, run pulumi up, then pulumi destroy.",
    );
}
