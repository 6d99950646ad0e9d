import * as pulumi from "@pulumi/pulumi";

/** Stands for a value that is not known yet. Rules skip it. */
export const NOT_YET_KNOWN: unique symbol = Symbol("known late");

/**
 * The arguments as far as they are known now, with LATE for every other value. The values are `unknown` because JavaScript and
 * YAML programs can pass anything, whatever the types say. `null` counts as not given.
 */
export type KnownArgs = Readonly<Record<string, unknown>>;

/** The properties that are given: neither undefined nor null. */
export function givenProperties<T extends object>(args: T): Partial<T> {
    const given = Object.entries(args).filter(([, value]) => value !== undefined && value !== null);
    return Object.fromEntries(given) as Partial<T>;
}

/** Replaces each Output, each Promise and each value that a preview does not know by LATE. */
export function knownArgs(args: object): KnownArgs {
    return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, knownValue(value)]));
}

function knownValue(value: unknown): unknown {
    if (pulumi.Output.isInstance(value) || value instanceof Promise || pulumi.isUnknown(value)) {
        return NOT_YET_KNOWN;
    }
    if (value === null) {
        return undefined;
    }
    if (pulumi.Resource.isInstance(value)) {
        return value;
    }
    if (Array.isArray(value)) {
        return value.map(knownValue);
    }
    return typeof value === "object" ? knownArgs(value) : value;
}
