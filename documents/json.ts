/** Access to the parts of any parsed policy document, which may have any shape. */

/** A member of an object, or undefined if it has none of this name, or is no object. */
export function member(of: unknown, name: string): unknown {
    return isRecord(of) ? of[name] : undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** IAM accepts a single value in place of a list. */
export function list(value: unknown): unknown[] {
    return [value].flat();
}

/** The texts of a list, or a single text. */
export function texts(value: unknown): string[] {
    return list(value).filter((entry) => typeof entry === "string");
}

/** One text for all policy documents that differ only in the order of members and lists, or write a single value as a list. */
export function canonicalJson(value: unknown): string {
    if (isRecord(value)) {
        const members = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}:${canonicalJson(one)}`);
        return `{${members.sort().join()}}`;
    }
    if (Array.isArray(value)) {
        return value.length === 1 ? canonicalJson(value[0]) : `[${value.map(canonicalJson).sort().join()}]`;
    }
    return JSON.stringify(value);
}
