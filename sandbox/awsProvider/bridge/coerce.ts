import { normalizeJson } from "./policyDocument";
import { Property, Schema } from "./schema";
import { containsUnknown, isMap, UNKNOWN, Value, ValueMap } from "./values";

export type Report = (path: string, reason: string) => void;

/**
 * Converts a value to the type of its property, as the bridge does (pulumi-terraform-bridge pkg/tfbridge/schema.go,
 * makeTerraformInput): "3600" becomes a number, a document given as an object becomes its JSON text.
 */
export function coerce(value: Value, property: Property, path: string, report: Report): Value {
    if (value === UNKNOWN || value === null) {
        return value;
    }
    switch (property.kind) {
        case "string":
            return typeof value === "string" || typeof value === "object"
                ? expect(typeof value === "string", value, "a string", path, report)
                : String(value);
        case "policy":
            return policyText(value, path, report);
        case "integer":
            return coerceNumber(value, path, report);
        case "boolean":
            return coerceBoolean(value, path, report);
        case "map":
            return coerceMap(value, property, path, report);
        case "list":
        case "set":
            return coerceList(value, property, path, report);
        case "object":
            return coerceObject(value, property.properties ?? {}, path, report);
    }
}

function expect(holds: boolean, value: Value, what: string, path: string, report: Report): Value {
    if (!holds) {
        report(path, `expected ${what}, got ${JSON.stringify(value)}`);
    }
    return value;
}

/**
 * pulumi-terraform-bridge pkg/tfbridge/transforms.go, TransformJSONDocument: an unknown anywhere makes the document
 * unknown.
 */
function policyText(value: Value, path: string, report: Report): Value {
    if (containsUnknown(value)) {
        return UNKNOWN;
    }
    if (isMap(value)) {
        return normalizeJson(JSON.stringify(value));
    }
    return expect(typeof value === "string", value, "a policy document (text or object)", path, report);
}

function coerceNumber(value: Value, path: string, report: Report): Value {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    return Number.isInteger(number) ? number : expect(false, value, "a whole number", path, report);
}

function coerceBoolean(value: Value, path: string, report: Report): Value {
    if (value === "true" || value === "false") {
        return value === "true";
    }
    return expect(typeof value === "boolean", value, "a boolean", path, report);
}

function coerceMap(value: Value, property: Property, path: string, report: Report): Value {
    const element = property.element;
    if (!isMap(value) || element === undefined) {
        return expect(isMap(value), value, "a map", path, report);
    }
    const entries = Object.entries(value).filter(([key, item]) => item !== null && key !== DEFAULTS);
    return Object.fromEntries(entries.map(([key, item]) => [key, coerce(item, element, `${path}.${key}`, report)]));
}

function coerceList(value: Value, property: Property, path: string, report: Report): Value {
    const element = property.element;
    if (!Array.isArray(value) || element === undefined) {
        return expect(Array.isArray(value), value, "a list", path, report);
    }
    return value.map((item, index) => coerce(item, element, `${path}[${index}]`, report));
}

function coerceObject(value: Value, schema: Schema, path: string, report: Report): Value {
    return isMap(value)
        ? coerceProperties(value, schema, path, report)
        : expect(false, value, "an object", path, report);
}

/**
 * The key under which inputs record the properties with default values (pulumi-terraform-bridge pkg/reservedkeys/keys.go,
 * Defaults).
 */
export const DEFAULTS = "__defaults";

/** Converts each property. A property that is not in the schema is reported, never dropped. */
export function coerceProperties(news: ValueMap, schema: Schema, path: string, report: Report): ValueMap {
    const result: ValueMap = {};
    for (const [key, value] of Object.entries(news)) {
        if (key === DEFAULTS || value === null) {
            continue;
        }
        const propertyPath = path === "" ? key : `${path}.${key}`;
        const property = schema[key];
        if (property === undefined) {
            report(propertyPath, `"${key}" is not a known property`);
        } else if (property.notImplemented === true) {
            report(propertyPath, `the stand-in for the AWS provider does not implement "${key}"`);
        } else if (property.output === true) {
            report(propertyPath, `cannot configure a value for "${key}": AWS decides it`);
        } else {
            result[key] = coerce(value, property, propertyPath, report);
        }
    }
    return result;
}
