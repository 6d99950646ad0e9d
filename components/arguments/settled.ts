import * as pulumi from "@pulumi/pulumi";

/** Stands for a value that is not known yet: a check has nothing to say about it. */
export const LATE: unique symbol = Symbol("known late");

/**
 * The arguments with everything in its place that is known now, and LATE for the rest. Their values are `unknown` because
 * JavaScript and YAML programs can pass anything, whatever the types say. `null` counts as not given.
 */
export type Settled = Readonly<Record<string, unknown>>;

/** What is given, so neither undefined nor null. */
export function withoutNothing<T extends object>(args: T): Partial<T> {
    const given = Object.entries(args).filter(([, value]) => value !== undefined && value !== null);
    return Object.fromEntries(given) as Partial<T>;
}

/** Puts LATE for each Output and Promise, and for each value that a preview does not know. */
export function settle(args: object): Settled {
    return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, settleValue(value)]));
}

function settleValue(value: unknown): unknown {
    if (pulumi.Output.isInstance(value) || value instanceof Promise || pulumi.isUnknown(value)) {
        return LATE;
    }
    if (value === null) {
        return undefined;
    }
    if (pulumi.Resource.isInstance(value)) {
        return value;
    }
    if (Array.isArray(value)) {
        return value.map(settleValue);
    }
    return typeof value === "object" ? settle(value) : value;
}
