import * as pulumi from "@pulumi/pulumi";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import type { NarrowingInputs } from "../../handover/decide/narrowing";
import { NOT_YET_KNOWN } from "../arguments/knownArgs";
import { knownPartOf } from "../arguments/validateArguments";
import { resourceHook } from "../failures/namedHooks";

/** The parts of the component that the hooks use. */
export interface Narrowable {
    /** Undefined: the engine makes the name. */
    readonly roleName: pulumi.Output<string> | undefined;
    readonly oidcProviderArn: pulumi.Output<string>;
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    readonly parent: pulumi.ComponentResource;
}

/**
 * Binds a hook that refuses an update in place of the role or its policy which could take something away from pods.
 *
 * The engine updates both before the credential guard, and the component never sees its former arguments. Only a hook gets the
 * inputs of before and after.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function refuseNarrowing(of: Narrowable): pulumi.ResourceHookBinding {
    const hook = resourceHook("refuse-narrowing", (update) => checkBeforeUpdate(of, update), { onDryRun: true });
    return hook === undefined ? {} : { beforeUpdate: [hook] };
}

/** Throws if the update could take something away from pods. Shows its warnings next to the component. */
export async function checkBeforeUpdate(
    { roleName, oidcProviderArn, serviceAccount, parent }: Narrowable,
    { oldInputs: before, newInputs: after, oldOutputs: outputs }: pulumi.ResourceHookArgs,
): Promise<void> {
    const parts = { before, after, outputs, roleName, oidcProviderArn, serviceAccount };
    const known = (await knownPartOf(parts)) as unknown as KnownParts;
    // Imported on demand, as all of the hand-over.
    const { checkUpdate } = await import("../../handover/decide/narrowing");
    const { warnings, refusal } = checkUpdate({
        arn: known.outputs.arn,
        before: known.before,
        after: known.after,
        ownProvider: known.oidcProviderArn,
        namespace: known.serviceAccount.namespace,
        fixedName: roleName !== undefined,
    });
    // If a preview does not know an input, it does not know whether the update replaces the role or the policy.
    if (refusal !== undefined && ![known.roleName, ...Object.values<unknown>(known.after)].includes(NOT_YET_KNOWN)) {
        throw refusal;
    }
    for (const warning of refusal === undefined ? warnings : [refusal.message]) {
        await pulumi.log.warn(warning, parent);
    }
}

interface KnownParts {
    readonly before: NarrowingInputs;
    readonly after: NarrowingInputs;
    readonly outputs: { readonly arn: string };
    readonly roleName: unknown;
    readonly oidcProviderArn: string;
    readonly serviceAccount: ServiceAccountName;
}
