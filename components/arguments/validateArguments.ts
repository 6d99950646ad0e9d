import * as pulumi from "@pulumi/pulumi";
import { findProblems, RULES } from "./allRules";
import { argumentOf, argumentsError, Problem } from "./problem";
import { settle, Settled, withoutNothing } from "./settled";
import { trustSizeWarning } from "./trustSizeRules";
import { unknownNames } from "./unknownNames";

/** An output that is known as soon as what it depends on has passed its checks, and fails if it did not. */
export type Gate = pulumi.Output<true>;

/** The arguments' checks, as those see them that must fail with them and those that must then keep quiet. */
export interface LateValidation {
    gate: Gate;
    /** Whether they pass: false where the gate fails. */
    passes: pulumi.Output<boolean>;
}

/** Refuses what is wrong with the arguments as far as they are known now (JavaScript may pass none), and returns them. Warns of unknown ones. */
export function validateNow<T extends object>(name: string, args: T | undefined): T {
    const settled = settle(args ?? {});
    for (const sentence of unknownNames(settled, RULES)) {
        void pulumi.log.warn(`CniServiceAccountRole ${JSON.stringify(name)}: ${sentence}`);
    }
    refuse(name, findProblems(settled));
    return args as T;
}

/**
 * Checks the arguments by the same rules as soon as they are known, which fails the returned gate. Whatever is made from
 * the arguments must wait for the gate, so that nothing is created from arguments that turn out bad.
 */
export function validateLate(component: pulumi.ComponentResource, name: string, args: object): LateValidation {
    const found = withKnownPart(args, async (settled) => {
        warnOfTrustSize(component, settled);
        return hideSecrets(findProblems({ ...settled, ...givenNothing(args, settled) }), args);
    });
    return {
        gate: found.apply((problems) => reject(name, problems)),
        passes: found.apply((problems) => problems.length === 0),
    };
}

/** Runs a check over what is known of a value, in previews too; the gate is not secret even if the value is. */
export function validateKnownPart(value: object, validate: (settled: Settled) => Promise<true>): Gate {
    return withKnownPart(value, validate);
}

/** What is made of a value as far as it is known, in previews too. Not secret even if the value is. */
export function withKnownPart<T>(value: object, use: (settled: Settled) => Promise<T>): pulumi.Output<T> {
    const used = applyKnownOrNot(pulumi.output(value), (known) => use(settle(pulumi.isUnknown(known) ? {} : known)));
    return pulumi.unsecret(used);
}

/** Refuses problems of values that were not known when the component was constructed, and so may be secret. */
export function refuseLate(component: string, problems: readonly Problem[], args: object): Promise<true> {
    return hideSecrets(problems, args).then((shown) => reject(component, shown));
}

/**
 * Rejects without a `throw`. Where something is thrown in a promise's job while a debugger listens, V8 looks for whoever will catch
 * it along every path through all promises that wait for this one, and everything that a component makes waits for its checks: it
 * would not end, nor stop to take memory. Pulumi's language host for Node.js has a debugger listen in each program.
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
 * Whether these are given has decided what is looked up and made, and where. An output that turns out to hold nothing is a
 * wrong value by then, and not one that is not given.
 */
function givenNothing(args: object, settled: Settled): Settled {
    const given = Object.keys(withoutNothing(args));
    return Object.fromEntries(
        [
            "clusterName",
            "oidcProviderArn",
            "existingRoleArn",
            "kubeconfig",
            "aws",
            "detachFromNodeRoles",
            "detachPolicyArns",
        ]
            .filter((name) => given.includes(name) && settled[name] === undefined)
            .map((name) => [name, null]),
    );
}

/** Once the provider is known, so that its statement counts. */
export function warnOfTrustSize(component: pulumi.ComponentResource, settled: Settled): void {
    const warning = trustSizeWarning(settled);
    if (warning !== undefined) {
        void pulumi.log.warn(warning, component);
    }
}

/**
 * A message is not a place for a secret: neither the terminal nor the update's history hides what an error says. A key in a
 * path may be one as well.
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
            ...(problem.tellsOf !== undefined && (await isSecret(problem.tellsOf))
                ? { expected: problem.expected.replace(/,[^,]*$/, "") }
                : {}),
        })),
    );
}

/**
 * `apply`, also on what is not known or known in part, which then holds `pulumi.unknown`. The SDK does the same for
 * property accesses on outputs, by this second parameter of `apply` that its types do not show (output.ts). If it ever
 * goes, checks of partly unknown arguments happen at `up` instead of in the preview, which is still before any creation.
 */
function applyKnownOrNot<T, U>(output: pulumi.Output<T>, run: (value: T) => Promise<U>): pulumi.Output<U> {
    const withUnknowns = output as unknown as {
        apply(run: (value: T) => Promise<U>, runWithUnknowns: boolean): pulumi.Output<U>;
    };
    return withUnknowns.apply(run, true);
}
