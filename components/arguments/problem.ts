import * as pulumi from "@pulumi/pulumi";
import { inspect } from "util";
import { LATE } from "./settled";

/** Something wrong with one argument. */
export interface Problem {
    /** The argument, as its property path: `tags["aws:x"]`, `additionalPolicyArns[1]`, `serviceAccount.name`. */
    path: string;
    expected: string;
    /** Another argument of whose value `expected` tells something after its last comma, which must not be shown of a secret. */
    tellsOf?: string;
    /** What was given instead, as it is to be shown. The only part that may carry the value, so that a secret can be hidden. */
    got: string;
    /** How to mend it. */
    fix: string;
}

const SHOWN_CHARACTERS = 120;

/** A value as an error message shows it: in one line, and not longer than helps. */
export function show(value: unknown): string {
    if (value === undefined || value === null) {
        return "nothing";
    }
    if (typeof value === "number") {
        // JSON has no NaN and no infinity.
        return String(value);
    }
    const text = JSON.stringify(value, inJson) as string | undefined;
    if (text === undefined) {
        return `a ${typeof value}`;
    }
    return text.length > SHOWN_CHARACTERS
        ? `${text.slice(0, SHOWN_CHARACTERS)}… (${String(text.length)} characters)`
        : text;
}

/** What has no JSON text of its own, or none that helps. */
function inJson(_key: string, value: unknown): unknown {
    if (value === LATE) {
        return "known later";
    }
    if (pulumi.Resource.isInstance(value)) {
        return "a resource, not one of its outputs";
    }
    return typeof value === "bigint" ? `${String(value)}n` : value;
}

/** The argument that a property path starts with. */
export function argumentOf(path: string): string {
    return /^[^.[]*/.exec(path)?.[0] ?? path;
}

/**
 * All problems of one component in one error: the message lists each of them, because outside a provider plugin the engine
 * shows the message alone.
 */
export function argumentsError(component: string, problems: readonly Problem[]): pulumi.InputPropertiesError {
    const errors = problems.map(({ path, expected, got, fix }) => ({
        propertyPath: path,
        reason: `expected ${expected}, got ${got}; ${fix}`,
    }));
    const count = errors.length === 1 ? "1 invalid argument" : `${String(errors.length)} invalid arguments`;
    const message = [
        `CniServiceAccountRole ${JSON.stringify(component)}: ${count}. Nothing was created.`,
        ...errors.map(({ propertyPath, reason }) => `  ${propertyPath}: ${reason}`),
    ].join("\n");
    return Object.defineProperties(new pulumi.InputPropertiesError({ message, errors }), {
        // Each property of a child that waits for the check would put "error serializing property …" before the message.
        // https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts (serializeFilteredProperties)
        message: { get: () => message, set: () => undefined },
        // The message says what to change and where; a stack of this package's own frames would only bury it, …
        stack: { value: message },
        // … and so would the error's fields, which the end of a program prints as well.
        // https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/run/error.ts (defaultErrorMessage)
        [inspect.custom]: { value: () => message },
    });
}
