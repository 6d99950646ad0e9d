import * as pulumi from "@pulumi/pulumi";
import { AsyncResource } from "async_hooks";
import { Advice, Patched } from "./failureAdvice";

let hookCount = 0;

/** False under unit-test mocks. (`pulumi.runtime.hasEngine` is false until something has requested the engine's client.) */
export function hasEngine(): boolean {
    return pulumi.runtime.getEngine() !== undefined;
}

/**
 * Registers a hook that logs the advice alongside the provider's error when an operation of a child fails. The hook never
 * requests a retry. Without an engine it cannot be registered.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function explainFailures(advice: Advice, component: pulumi.Resource): pulumi.ResourceHookBinding | undefined {
    if (!hasEngine()) {
        return undefined;
    }
    // Hook names must be unique in the whole program, across components.
    hookCount += 1;
    const explain = async ({ errors, newInputs, oldInputs }: pulumi.ErrorHookArgs): Promise<boolean> => {
        const { metadata } = (newInputs ?? oldInputs ?? {}) as { metadata?: Patched };
        const text = advice(errors, metadata ?? {});
        if (text !== undefined) {
            await pulumi.log.error(text, component);
        }
        return false;
    };
    // The engine calls the hook from outside the program. The SDK finds the log's program by its asynchronous context.
    const hook = new pulumi.ErrorHook(`eks-cni-explain-${String(hookCount)}`, AsyncResource.bind(explain));
    return { onError: [hook] };
}
