import * as pulumi from "@pulumi/pulumi";
import { Advice, Patched } from "./failureAdvice";
import { errorHook } from "./namedHooks";

/**
 * Registers a hook that logs the advice alongside the provider's error when an operation of a child fails. The hook never
 * requests a retry.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function explainFailures(advice: Advice, component: pulumi.Resource): pulumi.ResourceHookBinding | undefined {
    const hook = errorHook("explain", async ({ errors, newInputs, oldInputs }) => {
        const { metadata } = (newInputs ?? oldInputs ?? {}) as { metadata?: Patched };
        const text = advice(errors, metadata ?? {});
        if (text !== undefined) {
            await pulumi.log.error(text, component);
        }
        return false;
    });
    return hook && { onError: [hook] };
}
