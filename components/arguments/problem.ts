import * as pulumi from "@pulumi/pulumi";
import { withFixedMessage } from "./fixedMessage";
import { NOT_YET_KNOWN } from "./knownArgs";

/** A problem of one argument. */
export interface Problem {
    /** The argument, as its property path: `tags["aws:x"]`, `additionalPolicyArns[1]`, `serviceAccount.name`. */
    path: string;
    expected: string;
    /** Another argument, whose value `expected` reveals in part in its last parentheses. They are cut if the value is secret. */
    revealsArgument?: string;
    /** The given value, as the message shows it. No other part may contain the value, so that a secret can be hidden. */
    got: string;
    /** How to fix it, as an imperative. */
    fix: string;
    /** The answer to a lookup of plain values. The last part, since it would bury the advice. */
    details?: string;
}

const SHOWN_CHARACTERS = 120;

/** A value as an error message shows it: on one line, and cut if it is long. */
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

/** Replaces values that JSON cannot express, or not in a useful way. */
function inJson(_key: string, value: unknown): unknown {
    if (value === NOT_YET_KNOWN) {
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
 * All problems of one component in one error. The message lists each of them, because outside a provider plugin the engine
 * shows only the message.
 */
export function argumentsError(component: string, problems: readonly Problem[]): pulumi.InputPropertiesError {
    const errors = problems.map(({ path, expected, got, fix, details }) => ({
        propertyPath: path,
        reason: `expected ${expected}, got ${got}; ${fix}${details === undefined ? "" : `; details: ${details}`}`,
    }));
    const count = errors.length === 1 ? "1 invalid argument" : `${String(errors.length)} invalid arguments`;
    const message = [
        `CniServiceAccountRole ${JSON.stringify(component)}: ${count}. Nothing was created.`,
        ...errors.map(({ propertyPath, reason }) => `  ${propertyPath}: ${reason}`),
    ].join("\n");
    return withFixedMessage(new pulumi.InputPropertiesError({ message, errors }));
}
