import type { HandOverRecord } from "../model/record";
import { OperationContext, RecordedInputs, RunContext, withRunContext } from "../observe/runContext";
import { isClusterGone } from "./clusterGone";
import { lookBeforeForcing, nameOtherClusters } from "./forcedDestroy";
import { refuseIfInterrupted } from "./interruptedTurningOff";

/**
 * Opens a run context for a delete, and skips `use` when the cluster no longer exists. `forceDestroy` refuses while a pod that can be
 * seen needs the role.
 */
export async function unlessClusterGone(
    inputs: RecordedInputs & { readonly forceDestroy: boolean; readonly record: HandOverRecord },
    roleNames: readonly string[],
    operation: OperationContext,
    use: (context: RunContext) => Promise<void>,
): Promise<void> {
    const { forceDestroy, record } = inputs;
    const look = (context: RunContext) => lookBeforeForcing(context, record);
    if (forceDestroy && (await withRunContext(inputs, roleNames, operation, look, true)) === "skip") {
        return;
    }
    await withRunContext(inputs, roleNames, operation, async (context) => {
        if (await isClusterGone(context, false)) {
            nameOtherClusters(context);
        } else {
            await refuseIfInterrupted(context, record);
            await use(context);
        }
    });
}
