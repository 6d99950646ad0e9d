/**
 * Stands for a property that is not known in this preview. For unknown properties, `@pulumi/policy` returns a proxy that throws
 * on access at any depth, which would end the whole rule. Here they become a value that a rule can compare.
 *
 * Source: https://github.com/pulumi/pulumi-policy/blob/main/sdk/nodejs/policy/proxy.ts
 */
export const UNKNOWN = Symbol("not known in this preview");

/** The engine's placeholders for an unknown value of type boolean, number, string, array, asset, archive and object. */
const SENTINELS: readonly unknown[] = [
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
];

/** A copy that can be read without exceptions, with UNKNOWN for unknown values. */
export function readable(value: unknown): unknown {
    if (SENTINELS.includes(value)) {
        return UNKNOWN;
    }
    if (Array.isArray(value)) {
        return Array.from({ length: value.length }, (_, i) => memberOf(value, i));
    }
    if (isRecord(value)) {
        return Object.fromEntries(Object.keys(value).map((key) => [key, memberOf(value, key)]));
    }
    return value;
}

function memberOf(of: object, key: PropertyKey): unknown {
    let value: unknown;
    try {
        value = Reflect.get(of, key);
    } catch {
        // Only the proxy throws. Reading plain data does not.
        return UNKNOWN;
    }
    return readable(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, or UNKNOWN if it or a parent of it is unknown. A list with one member counts as its member. */
export function at(of: unknown, ...path: string[]): unknown {
    const [key, ...rest] = path;
    const holder = Array.isArray(of) && of.length === 1 ? (of[0] as unknown) : of;
    if (key === undefined || holder === UNKNOWN) {
        return key === undefined ? of : UNKNOWN;
    }
    return isRecord(holder) ? at(holder[key], ...rest) : undefined;
}

/** The members of a list, or a single value as a list. An unknown list has one unknown member. */
export function listOf(value: unknown): unknown[] {
    return value === undefined || value === null ? [] : [value].flat();
}

export function textsOf(value: unknown): string[] {
    return listOf(value).filter((member) => typeof member === "string");
}

/** Whether a provider treats the value as not given: undefined, null, or an empty string or list. */
export function isMissing(value: unknown): boolean {
    return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** A policy document, given as JSON text or as an object. Undefined if the value is neither. */
export function documentOf(value: unknown): unknown {
    if (typeof value !== "string") {
        return value === UNKNOWN || isRecord(value) ? value : undefined;
    }
    try {
        return JSON.parse(value) as unknown;
    } catch {
        return undefined;
    }
}
