import * as pulumi from "@pulumi/pulumi";
import { AsyncResource } from "async_hooks";
import { Advice } from "./failureAdvice";

let hooks = 0;

/** There is none under unit-test mocks. (`pulumi.runtime.hasEngine` is false until something has asked for its client.) */
export function hasEngine(): boolean {
    return pulumi.runtime.getEngine() !== undefined;
}

/**
 * Has the engine tell us when an operation of a child fails, to print what mends it beside the provider's own error. It
 * never asks for another attempt, and without an engine there is nothing to register it with.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function explainFailures(advice: Advice, component: pulumi.Resource): pulumi.ResourceHookBinding | undefined {
    if (!hasEngine()) {
        return undefined;
    }
    // Hooks share one name space with those of the whole program, and of other components.
    hooks += 1;
    const explain = async ({ errors }: pulumi.ErrorHookArgs): Promise<boolean> => {
        const text = advice(errors);
        if (text !== undefined) {
            await pulumi.log.error(text, component);
        }
        return false;
    };
    // The engine calls from outside; the SDK finds the program that the log belongs to by the asynchronous context.
    const hook = new pulumi.ErrorHook(`eks-cni-explain-${String(hooks)}`, AsyncResource.bind(explain));
    return { onError: [hook] };
}
