import type { ResourceValidationArgs } from "@pulumi/policy";
import { COMPONENT, propsOf, type StackResource } from "./stack";

/**
 * The arguments of the components of this operation, by their URN.
 *
 * A stack rule sees the outputs of a component, which do not have its delivery and its cluster. Only the inputs of a single resource do. The engine
 * sends those of every resource before it sends the stack.
 *
 * Source: AnalyzeResources in https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/step_generator.go
 */
const argumentsByUrn = new Map<string, Readonly<Record<string, unknown>>>();

/** Records the arguments of a component. A rule that uses `argumentsOf` has it as its `validateResource`. */
export function recordArguments({ type, urn, props }: Pick<ResourceValidationArgs, "type" | "urn" | "props">): void {
    if (type === COMPONENT) {
        argumentsByUrn.set(urn, propsOf(props));
    }
}

/** The arguments of a component. Empty if the engine has not sent them. */
export function argumentsOf({ urn }: StackResource): Readonly<Record<string, unknown>> {
    return argumentsByUrn.get(urn) ?? {};
}
