import * as pulumi from "@pulumi/pulumi";
import type { FreeingInputs } from "../../handover/hooks/freeServiceAccount";
import { NOT_YET_KNOWN } from "../arguments/knownArgs";
import { knownPartOf } from "../arguments/validateArguments";
import { resourceHook } from "../failures/namedHooks";
import { previewSeconds, showsPlan } from "./previewPlan";

/**
 * Binds a hook that the engine calls before it creates the association, also when a destroy was killed before: only the engine knows that its state has
 * no association.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 *
 * @param inputs Those of the live checks, with the record of the credential guard.
 */
export function freeBeforeCreate(inputs: object, component: pulumi.Resource): pulumi.ResourceHookBinding {
    const act = () => (pulumi.runtime.isDryRun() ? announce(inputs, component) : free(inputs, component));
    const hook = resourceHook("free-service-account", act, { onDryRun: showsPlan() });
    return hook === undefined ? {} : { beforeCreate: [hook] };
}

async function free(inputs: object, component: pulumi.Resource): Promise<void> {
    const known = (await knownPartOf(inputs)) as unknown as FreeingInputs;
    // Imported on demand, because it loads the Kubernetes and AWS clients.
    const { freeServiceAccount } = await import("../../handover/hooks/freeServiceAccount");
    const { info, warn } = pulumi.log;
    await freeServiceAccount(known, {
        progress: (line) => void info(line, component),
        warn: (line) => void warn(line, component),
    });
}

/** Says in a preview that the pods would move. Before the credential guard has acted, there is no association of the component. */
async function announce(inputs: object, component: pulumi.Resource): Promise<void> {
    const known = await knownPartOf(inputs);
    if (known["record"] === NOT_YET_KNOWN || known["subject"] === NOT_YET_KNOWN) {
        return;
    }
    const { previewFreeing } = await import("../../handover/preview/previewFreeing");
    const line = await previewFreeing(known as unknown as FreeingInputs, previewSeconds());
    if (line !== undefined) {
        await pulumi.log.info(line, component);
    }
}
