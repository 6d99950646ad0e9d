import { NOT_YET_KNOWN } from "./knownArgs";
import { Problem, show } from "./problem";

/** Checks one value. A value that is not given or not known yet is never a problem. */
export interface Rule {
    (value: unknown, path: string): Problem[];
    /** The rules for the properties, if the value is an object. */
    readonly properties?: Readonly<Record<string, Rule>>;
}

/** Whether a value is given and known. Only then is it checked. */
export function isKnown(value: unknown): boolean {
    return value !== undefined && value !== NOT_YET_KNOWN;
}

/** A rule for a single value, with a type guard and a predicate. */
export function ruleOf<T>(
    expected: string,
    isKind: (value: unknown) => value is T,
    holds: (value: T) => boolean,
    fix: string,
): Rule {
    return (value, path) =>
        !isKnown(value) || (isKind(value) && holds(value)) ? [] : [{ path, expected, got: show(value), fix }];
}

export function isString(value: unknown): value is string {
    return typeof value === "string";
}

export function isBoolean(value: unknown): value is boolean {
    return typeof value === "boolean";
}

/** A string that matches a regular expression. */
export function text(expected: string, pattern: RegExp, fix: string): Rule {
    return ruleOf(expected, isString, (value) => pattern.test(value), fix);
}

export function wholeNumber(expected: string, min: number, max: number, fix: string): Rule {
    const isNumber = (value: unknown): value is number => typeof value === "number";
    return ruleOf(expected, isNumber, (value) => Number.isInteger(value) && value >= min && value <= max, fix);
}

export function boolean(fix: string): Rule {
    return ruleOf("true or false", isBoolean, () => true, fix);
}

/** One of an enum's values. */
export function oneOf(values: readonly string[], fix: string): Rule {
    return ruleOf(values.map((v) => JSON.stringify(v)).join(" or "), isString, (value) => values.includes(value), fix);
}

/** A list without duplicates, each of whose members passes a rule. */
export function listOf(what: string, member: Rule): Rule {
    return (value, path) => {
        if (!isKnown(value)) {
            return [];
        }
        if (!Array.isArray(value)) {
            return [
                {
                    path,
                    expected: `a list of ${what}`,
                    got: show(value),
                    fix: value === null ? "set it, or omit it" : "put it into a list: […]",
                },
            ];
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
    const firstIndexes = new Map<unknown, number>();
    return members.flatMap((member, i) => {
        const first = firstIndexes.get(member) ?? i;
        firstIndexes.set(member, first);
        return first === i || !isKnown(member)
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

/** An object with a rule for each property. */
export function properties(rules: Readonly<Record<string, Rule>>): Rule {
    const rule = (value: unknown, path: string): Problem[] => {
        if (!isKnown(value)) {
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
