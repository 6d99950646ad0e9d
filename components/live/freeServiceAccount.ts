import * as pulumi from "@pulumi/pulumi";
import type { FreeingInputs } from "../../handover/hooks/freeServiceAccount";
import { knownPartOf } from "../arguments/validateArguments";
import { resourceHook } from "../failures/namedHooks";

/**
 * Binds a hook that the engine calls before it creates the association, also when a destroy was killed before: only the engine knows that its state has
 * no association.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 *
 * @param inputs Those of the live checks, with the record of the credential guard.
 */
export function freeBeforeCreate(inputs: object, component: pulumi.Resource): pulumi.ResourceHookBinding {
    const hook = resourceHook("free-service-account", async () => {
        const known = (await knownPartOf(inputs)) as unknown as FreeingInputs;
        // Imported on demand, because it loads the Kubernetes and AWS clients.
        const { freeServiceAccount } = await import("../../handover/hooks/freeServiceAccount");
        const { info, warn } = pulumi.log;
        await freeServiceAccount(known, {
            progress: (line) => void info(line, component),
            warn: (line) => void warn(line, component),
        });
    });
    return hook === undefined ? {} : { beforeCreate: [hook] };
}
