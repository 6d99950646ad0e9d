import { KnownArgs } from "./knownArgs";
import { isObject, Rule } from "./rule";

/** A shorter common prefix does not suggest an argument. */
const MIN_PREFIX_LENGTH = 4;

/**
 * A warning for each unknown argument, with a suggestion. TypeScript rejects unknown names, but not in objects that are spread
 * into the arguments, and JavaScript accepts them. Pulumi resources ignore unknown arguments, so a typo would go unnoticed.
 */
export function unknownNames(args: KnownArgs, rules: Readonly<Record<string, Rule>>, path = ""): string[] {
    return Object.entries(args).flatMap(([name, value]) => {
        const rule = rules[name];
        if (value === undefined) {
            return [];
        }
        if (rule === undefined) {
            return [`Unknown argument ${path}${name} is ignored.${suggestion(name, Object.keys(rules), path)}`];
        }
        return rule.properties !== undefined && isObject(value)
            ? unknownNames(value, rule.properties, `${path}${name}.`)
            : [];
    });
}

function suggestion(name: string, known: readonly string[], path: string): string {
    const meant = known.find((other) => isSimilar(name.toLowerCase(), other.toLowerCase()));
    return meant === undefined ? "" : ` Did you mean ${path}${meant}?`;
}

function isSimilar(one: string, other: string): boolean {
    const shorter = Math.min(one.length, other.length);
    return one === other || (shorter >= MIN_PREFIX_LENGTH && (one.startsWith(other) || other.startsWith(one)));
}
