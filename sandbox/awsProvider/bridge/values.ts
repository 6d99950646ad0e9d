/** Property values as the engine sends them, with secrets unwrapped and unknowns as one symbol. */
export const UNKNOWN: unique symbol = Symbol("unknown");

export type Value = null | boolean | number | string | typeof UNKNOWN | Value[] | ValueMap;

export interface ValueMap {
    [key: string]: Value;
}

export function isMap(value: Value | undefined): value is ValueMap {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function containsUnknown(value: Value | undefined): boolean {
    if (value === UNKNOWN) {
        return true;
    }
    if (Array.isArray(value)) {
        return value.some(containsUnknown);
    }
    return isMap(value) && Object.values(value).some(containsUnknown);
}

/** Terraform's zero values: setting one is the same as omitting it. */
export function isZero(value: Value | undefined): boolean {
    if (Array.isArray(value)) {
        return value.length === 0;
    }
    if (isMap(value)) {
        return Object.keys(value).length === 0;
    }
    return value === undefined || value === null || value === "" || value === 0 || value === false;
}

export function equals(left: Value | undefined, right: Value | undefined): boolean {
    if (Array.isArray(left) && Array.isArray(right)) {
        return left.length === right.length && left.every((item, index) => equals(item, right[index]));
    }
    if (isMap(left) && isMap(right)) {
        const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
        return [...keys].every((key) => equals(left[key], right[key]));
    }
    return left === right;
}

export function asString(value: Value | undefined): string | undefined {
    return typeof value === "string" ? value : undefined;
}

export function asNumber(value: Value | undefined): number | undefined {
    return typeof value === "number" ? value : undefined;
}

export function asBoolean(value: Value | undefined): boolean | undefined {
    return typeof value === "boolean" ? value : undefined;
}

export function asMap(value: Value | undefined): ValueMap | undefined {
    return isMap(value) ? value : undefined;
}

export function asStrings(value: Value | undefined): string[] {
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function asMaps(value: Value | undefined): ValueMap[] {
    return Array.isArray(value) ? value.filter(isMap) : [];
}

export function asStringMap(value: Value | undefined): Record<string, string> {
    const entries = Object.entries(asMap(value) ?? {});
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** Drops the members that an API omitted, so that a state contains no `undefined`. */
export function defined(values: Record<string, Value | undefined>): ValueMap {
    return Object.fromEntries(
        Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined),
    );
}
