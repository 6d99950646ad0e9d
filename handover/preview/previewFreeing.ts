import { withTimeout } from "../async/withTimeout";
import { ownAssociation } from "../decide/handBackAssociation";
import type { ConnectionInputs } from "../model/connection";
import type { HandOverRecord } from "../model/record";
import { openRunContext, type OperationContext, withRunContext } from "../observe/runContext";
import { planLines } from "./planLines";

export interface PreviewFreeingInputs extends ConnectionInputs {
    readonly record: HandOverRecord;
}

/**
 * Says that an update takes up the hand-back of a run that was interrupted, before the engine creates the association. The plan cannot tell: only the
 * engine knows that its state has none. Undefined if no association is in the way, or if that cannot be read in time.
 */
export async function previewFreeing(
    inputs: PreviewFreeingInputs,
    limitSeconds: number,
    open: NonNullable<OperationContext["open"]> = openRunContext,
): Promise<string | undefined> {
    const looking = withRunContext(
        inputs,
        [],
        { progress: () => undefined, open },
        async ({ aws, cluster, subject: { clusterName, serviceAccount } }) => {
            const seen = clusterName === undefined ? undefined : await aws.associations(clusterName, serviceAccount);
            return ownAssociation(inputs.record, seen) === undefined
                ? undefined
                : planLines.freeServiceAccount((await cluster.look()).pods.length);
        },
        true,
    );
    return withTimeout(limitSeconds * 1000, looking, () => new Error("no answer in time")).catch(() => undefined);
}
