import { isObject, Rule } from "./rule";
import { Settled } from "./settled";

/** Shorter beginnings are no hint at what was meant. */
const ENOUGH_CHARACTERS = 4;

/**
 * A sentence for each name that is no argument, and what may be meant. TypeScript does not let one pass, but what is spread into the
 * arguments, and JavaScript; as with any resource of Pulumi's it is ignored, and so would be what somebody wanted by a slip.
 */
export function unknownNames(args: Settled, rules: Readonly<Record<string, Rule>>, path = ""): string[] {
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
    const meant = known.find((other) => isAlike(name.toLowerCase(), other.toLowerCase()));
    return meant === undefined ? "" : ` Did you mean ${path}${meant}?`;
}

function isAlike(one: string, other: string): boolean {
    const shorter = Math.min(one.length, other.length);
    return one === other || (shorter >= ENOUGH_CHARACTERS && (one.startsWith(other) || other.startsWith(one)));
}
