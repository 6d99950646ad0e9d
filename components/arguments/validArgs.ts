import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";
import { givenProperties } from "./knownArgs";
import { Gate } from "./validateArguments";

/** The given arguments for the children. Each resolves once the arguments have passed their checks. */
export type ValidArgs = {
    readonly [K in keyof CniServiceAccountRoleArgs]?: pulumi.Output<
        pulumi.Unwrap<NonNullable<CniServiceAccountRoleArgs[K]>>
    >;
};

export function validArgs(args: CniServiceAccountRoleArgs, gate: Gate): ValidArgs {
    const given = Object.entries(givenProperties(args));
    return Object.fromEntries(given.map(([name, value]) => [name, after(gate, value as unknown)]));
}

/**
 * The `dependsOn` of a child: these resources, once the gate has passed. It fails with the gate, because a failed gate leaves
 * the resources pending, and the child would wait for them forever.
 */
export function resourcesAfter(
    gate: Gate,
    resources: readonly pulumi.CustomResource[],
): pulumi.Output<pulumi.CustomResource[]> {
    const before = [...resources];
    return gate.apply(() => before);
}

/** The value, once the gate has passed. Its own secrets and unknown parts stay as they are. */
export function after<T>(gate: Gate, value: pulumi.Input<T>): pulumi.Output<pulumi.Unwrap<T>> {
    // Indexing keeps each element's own known state. `apply` on the whole list would not.
    return pulumi.all([pulumi.output(value), gate])[0] as pulumi.Output<pulumi.Unwrap<T>>;
}
