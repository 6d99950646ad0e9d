import { Problem, show } from "./problem";
import { LATE } from "./settled";

/** Looks at one value. A value that is not given or not known yet is never a problem. */
export interface Rule {
    (value: unknown, path: string): Problem[];
    /** Of an object whose properties are checked one by one. */
    readonly properties?: Readonly<Record<string, Rule>>;
}

/** A value that was given and is known: what a check looks at. */
export function isSettled(value: unknown): boolean {
    return value !== undefined && value !== LATE;
}

/** A check of a single value by a predicate. */
export function must<T>(
    expected: string,
    isKind: (value: unknown) => value is T,
    holds: (value: T) => boolean,
    fix: string,
): Rule {
    return (value, path) =>
        !isSettled(value) || (isKind(value) && holds(value)) ? [] : [{ path, expected, got: show(value), fix }];
}

export function isString(value: unknown): value is string {
    return typeof value === "string";
}

export function isBoolean(value: unknown): value is boolean {
    return typeof value === "boolean";
}

/** A string that a regular expression matches whole. */
export function text(expected: string, pattern: RegExp, fix: string): Rule {
    return must(expected, isString, (value) => pattern.test(value), fix);
}

export function wholeNumber(expected: string, min: number, max: number, fix: string): Rule {
    const isNumber = (value: unknown): value is number => typeof value === "number";
    return must(expected, isNumber, (value) => Number.isInteger(value) && value >= min && value <= max, fix);
}

export function boolean(fix: string): Rule {
    return must("true or false", isBoolean, () => true, fix);
}

/** One of an enum's values. */
export function oneOf(values: readonly string[], fix: string): Rule {
    return must(values.map((v) => JSON.stringify(v)).join(" or "), isString, (value) => values.includes(value), fix);
}

/** A list whose members each pass a check, and which names nothing twice. */
export function listOf(what: string, member: Rule): Rule {
    return (value, path) => {
        if (!isSettled(value)) {
            return [];
        }
        if (!Array.isArray(value)) {
            return [{ path, expected: `a list of ${what}`, got: show(value), fix: "put it into a list: […]" }];
        }
        const members: unknown[] = value;
        return [
            ...members.flatMap((m, i) =>
                m === undefined
                    ? [{ path: `${path}[${String(i)}]`, expected: what, got: show(m), fix: "remove the empty member" }]
                    : member(m, `${path}[${String(i)}]`),
            ),
            ...duplicates(members, path),
        ];
    };
}

function duplicates(members: unknown[], path: string): Problem[] {
    const places = new Map<unknown, number>();
    return members.flatMap((member, i) => {
        const first = places.get(member) ?? i;
        places.set(member, first);
        return first === i || !isSettled(member)
            ? []
            : [
                  {
                      path: `${path}[${String(i)}]`,
                      expected: "each member once",
                      got: `${show(member)}, the same as ${path}[${String(first)}]`,
                      fix: "remove one of them",
                  },
              ];
    });
}

/** An object whose properties are checked one by one. */
export function properties(rules: Readonly<Record<string, Rule>>): Rule {
    const rule = (value: unknown, path: string): Problem[] => {
        if (!isSettled(value)) {
            return [];
        }
        if (!isObject(value)) {
            const expected = `an object with ${Object.keys(rules).join(", ")}`;
            return [{ path, expected, got: show(value), fix: "write it as { … }" }];
        }
        return Object.entries(rules).flatMap(([key, rule]) => rule(value[key], `${path}.${key}`));
    };
    return Object.assign(rule, { properties: rules });
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
