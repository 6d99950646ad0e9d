import { DEFAULTS } from "./coerce";
import { equivalentPolicies } from "./policyDocument";
import { isInput, Property, Schema } from "./schema";
import { asStrings, containsUnknown, equals, isMap, isZero, UNKNOWN, Value, ValueMap } from "./values";

export type ChangeKind = "add" | "delete" | "update";

export interface PropertyChange {
    readonly kind: ChangeKind;
    readonly replace: boolean;
}

export interface Diff {
    readonly changes: ReadonlyMap<string, PropertyChange>;
    readonly replaces: string[];
    readonly deleteBeforeReplace: boolean;
}

export interface DiffRequest {
    /** The old state. */
    readonly olds: ValueMap;
    /** The new, checked inputs. */
    readonly news: ValueMap;
    readonly ignoreChanges: readonly string[];
    readonly alwaysDeleteBeforeReplace: boolean;
}

/** Compares old state and new inputs, property by property. Pure, because the engine asks at every `up` and refresh. */
export function diff(schema: Schema, request: DiffRequest): Diff {
    const changes = new Map<string, PropertyChange>();
    compareProperties(request.olds, request.news, schema, "", changes);
    for (const path of changes.keys()) {
        if (request.ignoreChanges.some((ignored) => covers(ignored, path))) {
            changes.delete(path);
        }
    }
    const replaces = [...changes].filter(([, change]) => change.replace).map(([path]) => path);
    return {
        changes,
        replaces,
        deleteBeforeReplace:
            replaces.length > 0 && (request.alwaysDeleteBeforeReplace || hasFixedName(request.news, schema)),
    };
}

/**
 * Two resources cannot have the same fixed name, so the old one must be deleted first: pulumi-terraform-bridge
 * pkg/tfbridge/schema.go, nameRequiresDeleteBeforeReplace.
 */
function hasFixedName(news: ValueMap, schema: Schema): boolean {
    const defaults = asStrings(news[DEFAULTS]);
    return Object.entries(schema).some(
        ([key, property]) => property.autoName !== undefined && news[key] !== undefined && !defaults.includes(key),
    );
}

type Changes = Map<string, PropertyChange>;

function compareProperties(olds: ValueMap, news: ValueMap, schema: Schema, path: string, changes: Changes): void {
    for (const [key, property] of Object.entries(schema)) {
        if (isInput(property)) {
            // Inputs from an import, without a check, have no defaults yet.
            compare(olds[key], news[key] ?? property.default, property, path === "" ? key : `${path}.${key}`, changes);
        }
    }
}

function compare(
    old: Value | undefined,
    now: Value | undefined,
    property: Property,
    path: string,
    changes: Changes,
): void {
    const note = (kind: ChangeKind): void => {
        changes.set(path, { kind, replace: property.forceNew === true });
    };
    if (now === undefined || now === null) {
        if (property.computed !== true && !isZero(old)) {
            note("delete");
        }
    } else if (now !== UNKNOWN && isMap(now) && isMap(old) && property.properties !== undefined) {
        compareProperties(old, now, property.properties, path, changes);
    } else if (now !== UNKNOWN && isMap(now) && property.kind === "map") {
        compareKeys(isMap(old) ? old : {}, now, property, path, changes);
    } else if (!sameValue(old, now, property)) {
        note(old === undefined || old === null ? "add" : "update");
    }
}

function compareKeys(old: ValueMap, now: ValueMap, property: Property, path: string, changes: Changes): void {
    const replace = property.forceNew === true;
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
        const keyPath = /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
        if (!(key in now)) {
            changes.set(keyPath, { kind: "delete", replace });
        } else if (!(key in old)) {
            changes.set(keyPath, { kind: "add", replace });
        } else if (!equals(old[key], now[key])) {
            changes.set(keyPath, { kind: "update", replace });
        }
    }
}

function sameValue(old: Value | undefined, now: Value, property: Property): boolean {
    if (containsUnknown(now)) {
        return false;
    }
    if (isZero(old) && isZero(now)) {
        return true;
    }
    if (old === undefined || old === null) {
        return false;
    }
    if (property.equivalent?.(old, now) === true) {
        return true;
    }
    if (property.kind === "policy" && typeof old === "string" && typeof now === "string") {
        return equivalentPolicies(old, now);
    }
    if (isMap(old) && isMap(now) && property.properties !== undefined) {
        const nested: Changes = new Map();
        compareProperties(old, now, property.properties, "", nested);
        return nested.size === 0;
    }
    if (Array.isArray(old) && Array.isArray(now)) {
        return sameElements(old, now, property);
    }
    return equals(old, now);
}

function sameElements(old: Value[], now: Value[], property: Property): boolean {
    const element = property.element;
    if (old.length !== now.length || element === undefined) {
        return false;
    }
    if (property.kind === "list") {
        return now.every((item, index) => sameValue(old[index], item, element));
    }
    return (
        now.every((item) => old.some((candidate) => sameValue(candidate, item, element))) &&
        old.every((item) => now.some((candidate) => sameValue(item, candidate, element)))
    );
}

/** `tags` covers `tags.Name`. `*` is not a name here. */
function covers(ignored: string, path: string): boolean {
    return path === ignored || path.startsWith(`${ignored}.`) || path.startsWith(`${ignored}[`);
}
