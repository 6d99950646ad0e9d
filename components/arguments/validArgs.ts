import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";
import { withoutNothing } from "./settled";
import { Gate } from "./validateArguments";

/** The arguments as the children take them: what was given, once it has passed its checks. */
export type ValidArgs = {
    readonly [K in keyof CniServiceAccountRoleArgs]?: pulumi.Output<
        pulumi.Unwrap<NonNullable<CniServiceAccountRoleArgs[K]>>
    >;
};

export function validArgs(args: CniServiceAccountRoleArgs, gate: Gate): ValidArgs {
    const given = Object.entries(withoutNothing(args));
    return Object.fromEntries(given.map(([name, value]) => [name, after(gate, value as unknown)]));
}

/**
 * The `dependsOn` of a child: these resources, once the gate has passed. It fails with the gate, since a failed gate leaves
 * resources pending, and a child would wait for them without end.
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
    // An element of an output's list is known when it is itself known, which `apply` on the list would not give.
    return pulumi.all([pulumi.output(value), gate])[0] as pulumi.Output<pulumi.Unwrap<T>>;
}
