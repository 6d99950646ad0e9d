import * as pulumi from "@pulumi/pulumi";
import { AsyncResource } from "async_hooks";

let count = 0;

/** False under unit-test mocks. (`pulumi.runtime.hasEngine` is false until something has requested the engine's client.) */
export function hasEngine(): boolean {
    return pulumi.runtime.getEngine() !== undefined;
}

/**
 * A hook that the engine calls before or after an operation on a resource. Undefined without an engine, where no hook can be registered.
 *
 * The engine calls it from outside the program. The SDK finds the program by its asynchronous context.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function resourceHook(
    what: string,
    act: pulumi.ResourceHookFunction,
    options?: pulumi.ResourceHookOptions,
): pulumi.ResourceHook | undefined {
    return hasEngine() ? new pulumi.ResourceHook(nameOf(what), AsyncResource.bind(act), options) : undefined;
}

/** Binds a hook that the engine calls before it creates or updates a resource. No destroy calls it. */
export function beforeChange(what: string, act: pulumi.ResourceHookFunction): pulumi.ResourceHookBinding {
    const hook = resourceHook(what, act);
    return hook === undefined ? {} : { beforeCreate: [hook], beforeUpdate: [hook] };
}

/** The same as resourceHook for a hook that the engine calls when an operation has failed. */
export function errorHook(what: string, act: pulumi.ErrorHookFunction): pulumi.ErrorHook | undefined {
    return hasEngine() ? new pulumi.ErrorHook(nameOf(what), AsyncResource.bind(act)) : undefined;
}

/** The hooks of two bindings, those of the first one first. */
export function bothHooks(
    first: pulumi.ResourceHookBinding,
    second: pulumi.ResourceHookBinding = {},
): pulumi.ResourceHookBinding {
    const kinds = Object.keys({ ...first, ...second }) as (keyof pulumi.ResourceHookBinding)[];
    return Object.fromEntries(kinds.map((kind) => [kind, [...(first[kind] ?? []), ...(second[kind] ?? [])]]));
}

/** Hook names must be unique in the whole program, across components. */
function nameOf(what: string): string {
    count += 1;
    return `eks-cni-${what}-${String(count)}`;
}
