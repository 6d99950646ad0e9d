import { type AwsError, constraintError } from "./errors";

/** The limits of a parameter in a service's API Reference, with the pattern in AWS's notation. */
export interface Limits {
    readonly pattern?: { readonly test: RegExp; readonly text: string };
    readonly minLength?: number;
    readonly maxLength: number;
}

/** The refusal of a value that breaks the limits of its parameter. */
export function limitRefusal(
    member: string,
    value: string,
    { pattern, minLength = 0, maxLength }: Limits,
): AwsError | undefined {
    if (value.length > maxLength) {
        return constraintError(value, member, `Member must have length less than or equal to ${maxLength}`);
    }
    if (value.length < minLength) {
        return constraintError(value, member, `Member must have length greater than or equal to ${minLength}`);
    }
    return pattern === undefined || pattern.test.test(value)
        ? undefined
        : constraintError(value, member, `Member must satisfy regular expression pattern: ${pattern.text}`);
}

export interface Range {
    readonly min: number;
    readonly max: number;
}

export function rangeRefusal(member: string, value: string, { min, max }: Range): AwsError | undefined {
    if (!(Number(value) >= min)) {
        return constraintError(value, member, `Member must have value greater than or equal to ${min}`);
    }
    return Number(value) > max
        ? constraintError(value, member, `Member must have value less than or equal to ${max}`)
        : undefined;
}
