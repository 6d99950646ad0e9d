/**
 * Properties as a policy sees them. In a preview some are not known yet: `@pulumi/policy` hands out a proxy that throws when
 * such a one is read, wherever it lies, and would give up the whole rule. Here they become a value that a rule can ask for.
 *
 * Source: https://github.com/pulumi/pulumi-policy/blob/main/sdk/nodejs/policy/proxy.ts
 */
export const UNKNOWN = Symbol("not known in this preview");

/** What the engine sends for a value that is not known yet: of type boolean, number, string, array, asset, archive, object. */
const SENTINELS: readonly unknown[] = [
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
];

/** A copy that can be read without exceptions, with UNKNOWN for what is not known. */
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
        // Nothing but the proxy throws when plain data is read.
        return UNKNOWN;
    }
    return readable(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is at a path; UNKNOWN if it, or what it lies in, is not known. A list of one is as good as its member. */
export function at(of: unknown, ...path: string[]): unknown {
    const [key, ...rest] = path;
    const holder = Array.isArray(of) && of.length === 1 ? (of[0] as unknown) : of;
    if (key === undefined || holder === UNKNOWN) {
        return key === undefined ? of : UNKNOWN;
    }
    return isRecord(holder) ? at(holder[key], ...rest) : undefined;
}

/** The members of a list, or the only value; none if there is nothing. A list that is not known has a member that is not. */
export function listOf(value: unknown): unknown[] {
    return value === undefined || value === null ? [] : [value].flat();
}

export function textsOf(value: unknown): string[] {
    return listOf(value).filter((member) => typeof member === "string");
}

/** Nothing, or an empty text or list: what a provider takes as not given. */
export function isMissing(value: unknown): boolean {
    return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** A document that a property holds as JSON text or as an object; undefined if it is neither. */
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
