import * as pulumi from "@pulumi/pulumi";
import type { SerialWaitInputs } from "../../handover/hooks/refuseSerialWait";
import { knownPartOf } from "../arguments/validateArguments";
import { Delivery } from "../cniServiceAccountRoleArgs";
import { beforeChange } from "../failures/namedHooks";
import { isInPlugin } from "./liveResources";

/**
 * With `--parallel 1`, the canary has the engine's only worker while it waits for another writer, so a writer of the same program never gets its turn
 * (pulumi/pulumi pkg/resource/deploy/step_executor.go). Only the program knows the flag. In the plugin, no writer of the program gets a turn in any case.
 *
 * @param inputs Those of the canary.
 */
export function refuseSerialWait(delivery: string | undefined, inputs: object): pulumi.ResourceHookBinding {
    if (delivery !== Delivery.External || isInPlugin() || !isSerial()) {
        return {};
    }
    return beforeChange("serial-wait", async () => {
        const known = (await knownPartOf(inputs)) as unknown as SerialWaitInputs;
        // Imported on demand, because it loads the Kubernetes and AWS clients.
        const hook = await import("../../handover/hooks/refuseSerialWait");
        await hook.refuseSerialWait(known, { progress: () => undefined });
    });
}

/** The SDK keeps the flag of a program that the language host has started only in the environment: sdk/nodejs/cmd/run/index.ts, runtime/state.ts */
function isSerial(): boolean {
    return pulumi.runtime.serialize() || process.env["PULUMI_NODEJS_PARALLEL"] === "1";
}
