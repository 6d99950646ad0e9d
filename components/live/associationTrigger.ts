import * as pulumi from "@pulumi/pulumi";
import type { AssociationQuery, isAssociated } from "../../handover/hooks/isAssociated";
import { type KnownArgs, NOT_YET_KNOWN } from "../arguments/knownArgs";
import { withKnownPart } from "../arguments/validateArguments";
import { hasEngine } from "../failures/namedHooks";
import { liveConnection, regionOrConfigured } from "./liveConnection";
import type { LiveContext } from "./liveContext";
import { previewSeconds } from "./previewPlan";

/**
 * The `replacementTrigger` of the association. A rollout that failed has deleted it in EKS, and it is still in the state. Without a refresh, the engine
 * would not create it again.
 *
 * While it is there, the trigger is null, and the engine treats null as no change, neither from nor to it. Before it is created, and when it is gone, the
 * trigger is the time of the run. So the next `up` after a first rollout that failed creates it. Once an update has seen it, the state has null, and
 * only a refresh finds out that it is gone.
 *
 * Source: https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/step_generator.go (shouldTriggerReplace)
 */
export function associationTrigger({ valid, serviceAccount, region }: LiveContext): pulumi.Output<string | null> {
    const asks = hasEngine() && !(pulumi.runtime.isDryRun() && previewSeconds() === 0);
    return asks
        ? withKnownPart(
              {
                  clusterName: valid.clusterName,
                  serviceAccount,
                  aws: liveConnection(valid).aws,
                  region: regionOrConfigured(region),
              },
              (known) => triggerOf(known),
          )
        : pulumi.output(null);
}

/** Null if a preview does not know the cluster yet, or if the associations cannot be read. */
export async function triggerOf(
    known: KnownArgs,
    ask?: typeof isAssociated,
    now: () => number = Date.now,
): Promise<string | null> {
    if (Object.values(known).includes(NOT_YET_KNOWN) || typeof known["clusterName"] !== "string") {
        return null;
    }
    // Imported on demand, because it loads the AWS client.
    const look = ask ?? (await import("../../handover/hooks/isAssociated")).isAssociated;
    return (await look(known as unknown as AssociationQuery)) === false ? new Date(now()).toISOString() : null;
}
