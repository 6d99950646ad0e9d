import * as pulumi from "@pulumi/pulumi";
import type { FreeingInputs } from "../../handover/hooks/freeServiceAccount";
import type { FormerHandOver } from "../../handover/model/formerHandOver";
import type { PreviewFreeingInputs } from "../../handover/preview/previewFreeing";
import { type KnownArgs, NOT_YET_KNOWN } from "../arguments/knownArgs";
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
 * @param former The guard before its update: a preview does not know its record then, nor another role.
 */
export function freeBeforeCreate(
    inputs: object,
    former: () => FormerHandOver | undefined,
    component: pulumi.Resource,
): pulumi.ResourceHookBinding {
    const act = () => (pulumi.runtime.isDryRun() ? announce(inputs, former, component) : free(inputs, component));
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

/** Says in a preview that the pods would move. Before the first update, there is no association of the component. */
async function announce(
    inputs: object,
    former: () => FormerHandOver | undefined,
    component: pulumi.Resource,
): Promise<void> {
    const known = formerOr(await knownPartOf(inputs), former());
    if (known === undefined) {
        return;
    }
    const { previewFreeing } = await import("../../handover/preview/previewFreeing");
    const line = await previewFreeing(known, previewSeconds());
    if (line !== undefined) {
        await pulumi.log.info(line, component);
    }
}

/** Undefined if neither the record nor the one of before is known. */
export function formerOr(known: KnownArgs, former: FormerHandOver | undefined): PreviewFreeingInputs | undefined {
    const isLate = [known["record"], known["subject"]].includes(NOT_YET_KNOWN);
    const { record, subject } = former ?? {};
    if (!isLate) {
        return known as unknown as PreviewFreeingInputs;
    }
    return record === undefined || subject === undefined
        ? undefined
        : { ...(known as unknown as PreviewFreeingInputs), record, subject };
}
