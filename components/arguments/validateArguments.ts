import * as pulumi from "@pulumi/pulumi";
import { findProblems, RULES } from "./allRules";
import { givenProperties, knownArgs, KnownArgs } from "./knownArgs";
import { argumentOf, argumentsError, Problem } from "./problem";
import { trustSizeWarning } from "./trustSizeRules";
import { unknownNames } from "./unknownNames";

/** An Output that resolves once the values behind it have passed their checks, and rejects if they fail. */
export type Gate = pulumi.Output<true>;

/** The result of the arguments' late checks, for users that must fail with them and for users that must stay silent then. */
export interface LateValidation {
    gate: Gate;
    /** Whether the checks pass. Resolves to false where the gate rejects. */
    passes: pulumi.Output<boolean>;
}

/**
 * Throws if the arguments that are known now have problems, and returns the arguments. Warns of unknown names. JavaScript may
 * pass no arguments at all.
 */
export function validateNow<T extends object>(name: string, args: T | undefined): T {
    const known = knownArgs(args ?? {});
    for (const sentence of unknownNames(known, RULES)) {
        void pulumi.log.warn(`CniServiceAccountRole ${JSON.stringify(name)}: ${sentence}`);
    }
    refuse(name, findProblems(known));
    return args as T;
}

/**
 * Checks the arguments by the same rules once they are known. The returned gate rejects if they have problems. Every resource
 * must wait for the gate, so that none is created from invalid arguments.
 */
export function validateLate(component: pulumi.ComponentResource, name: string, args: object): LateValidation {
    const found = withKnownPart(args, async (known) => {
        warnOfTrustSize(component, known);
        return hideSecrets(findProblems({ ...known, ...resolvedToNothing(args, known) }), args);
    });
    return {
        gate: found.apply((problems) => reject(name, problems)),
        passes: found.apply((problems) => problems.length === 0),
    };
}

/** Checks the known part of a value, in previews too. The gate is not secret even if the value is. */
export function validateKnownPart(value: object, validate: (known: KnownArgs) => Promise<true>): Gate {
    return withKnownPart(value, validate);
}

/** Computes a result from the known part of a value, in previews too. The result is not secret even if the value is. */
export function withKnownPart<T>(value: object, use: (known: KnownArgs) => Promise<T>): pulumi.Output<T> {
    const used = applyToUnknownToo(pulumi.output(value), (known) =>
        use(knownArgs(pulumi.isUnknown(known) ? {} : known)),
    );
    return pulumi.unsecret(used);
}

/** Rejects with the problems of values that were not known when the component was constructed, and so may be secret. */
export function refuseLate(component: string, problems: readonly Problem[], args: object): Promise<true> {
    return hideSecrets(problems, args).then((shown) => reject(component, shown));
}

/**
 * Rejects without a `throw`. If a promise job throws while a debugger listens, V8 searches for the handler along every path
 * through all promises that wait for this one. Every child of a component waits for its checks, so the search would not end and
 * would use ever more memory. Pulumi's Node.js language host attaches a debugger to each program.
 *
 * Source: https://github.com/v8/v8/blob/11.3.244/src/execution/isolate.cc (InternalPromiseHasUserDefinedRejectHandler, by
 * GetPromiseOnStackOnThrow), https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/closure/v8Hooks.ts
 */
function reject(component: string, problems: readonly Problem[]): Promise<true> {
    return problems.length === 0 ? Promise.resolve(true) : Promise.reject(argumentsError(component, problems));
}

function refuse(component: string, problems: readonly Problem[]): void {
    if (problems.length > 0) {
        throw argumentsError(component, problems);
    }
}

/**
 * Whether these arguments are given has already decided which resources exist and what is looked up. An Output that resolves to
 * nothing is therefore an invalid value, not an argument that is not given.
 */
function resolvedToNothing(args: object, known: KnownArgs): KnownArgs {
    const given = Object.keys(givenProperties(args));
    return Object.fromEntries(
        ["clusterName", "oidcProviderArn", "existingRoleArn", "kubeconfig", "aws", "detachFromNodeRoles", "regions"]
            .filter((name) => given.includes(name) && known[name] === undefined)
            .map((name) => [name, null]),
    );
}

/** Call it once the provider is known, so that its statement is counted. */
export function warnOfTrustSize(component: pulumi.ComponentResource, known: KnownArgs): void {
    const warning = trustSizeWarning(known);
    if (warning !== undefined) {
        void pulumi.log.warn(warning, component);
    }
}

/**
 * Removes secret values from the problems, because neither the terminal nor the update history masks error messages. A key in
 * a path may be secret, too.
 */
async function hideSecrets(problems: readonly Problem[], args: object): Promise<Problem[]> {
    const inputs = new Map<string, pulumi.Input<unknown>>(Object.entries(args));
    const isSecret = (argument: string) => pulumi.isSecret(pulumi.output(inputs.get(argument)));
    return Promise.all(
        problems.map(async (problem) => ({
            ...problem,
            ...((await isSecret(argumentOf(problem.path)))
                ? { path: problem.path.replace(/\[".*$/s, ""), got: "a secret value" }
                : {}),
            ...(problem.revealsArgument !== undefined && (await isSecret(problem.revealsArgument))
                ? { expected: problem.expected.replace(/ \([^(]*\)$/, "") }
                : {}),
        })),
    );
}

/**
 * `apply` that also runs on unknown and partly unknown values, which then contain `pulumi.unknown`. The SDK does the same for
 * property access on Outputs, with this second parameter of `apply` that its types do not declare (output.ts). If a later SDK
 * drops it, partly unknown arguments are checked during `up` instead of the preview, still before anything is created.
 */
function applyToUnknownToo<T, U>(output: pulumi.Output<T>, run: (value: T) => Promise<U>): pulumi.Output<U> {
    const withUnknowns = output as unknown as {
        apply(run: (value: T) => Promise<U>, runWithUnknowns: boolean): pulumi.Output<U>;
    };
    return withUnknowns.apply(run, true);
}

/** Waits for values, in previews too, where some stay unknown. */
export function knownPartOf(values: object): Promise<KnownArgs> {
    return new Promise((resolve) => {
        withKnownPart(values, (known) => {
            resolve(known);
            return Promise.resolve();
        });
    });
}
