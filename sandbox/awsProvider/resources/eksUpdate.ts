import type { EKS, Update } from "@aws-sdk/client-eks";
import { waitUntil } from "../aws/retry";
import { Context } from "./resourceType";

const DEFAULT_TIMEOUT_MILLISECONDS = 60 * 60_000;

/**
 * Waits for an update (internal/service/eks/cluster.go, waitClusterUpdateSuccessful). An API that applies it at once reports
 * success.
 */
export async function awaitUpdate(
    context: Context,
    eks: EKS,
    target: { name: string; nodegroupName?: string },
    started: Promise<{ update?: Update | undefined }>,
): Promise<void> {
    const update = (await started).update;
    const updateId = update?.id;
    if (updateId === undefined || update?.status === "Successful") {
        return;
    }
    const finished = await waitUntil(
        { timeoutMilliseconds: context.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS, signal: context.signal },
        async () => (await eks.describeUpdate({ ...target, updateId })).update,
        (seen) => seen?.status !== "InProgress",
        (seen) => String(seen?.status),
    );
    if (finished?.status !== "Successful") {
        const reasons = (finished?.errors ?? []).map((error) => `${error.errorCode}: ${error.errorMessage}`);
        throw new Error(`unexpected state '${finished?.status}', wanted target 'Successful'. ${reasons.join("; ")}`);
    }
}
