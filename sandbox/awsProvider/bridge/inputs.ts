import { DEFAULTS } from "./coerce";
import { equivalentPolicies } from "./policyDocument";
import { isInput, Property, Schema } from "./schema";
import { asStrings, equals, isMap, isZero, Value, ValueMap } from "./values";

/**
 * The inputs after a refresh: only properties that the program had set before, with their new values. A default whose
 * value has changed is no longer a default. (pulumi-terraform-bridge pkg/tfbridge/schema.go, extractInputs.)
 */
export function refreshInputs(oldInputs: ValueMap, state: ValueMap, schema: Schema): ValueMap {
    const inputs: ValueMap = {};
    const kept: string[] = [];
    const defaults = asStrings(oldInputs[DEFAULTS]);
    for (const [key, old] of Object.entries(oldInputs)) {
        const property = schema[key];
        const now = state[key];
        if (key === DEFAULTS || property === undefined || now === undefined) {
            continue;
        }
        inputs[key] = refreshValue(old, now, property);
        if (defaults.includes(key) && equals(old, now)) {
            kept.push(key);
        }
    }
    if (DEFAULTS in oldInputs) {
        inputs[DEFAULTS] = kept.sort();
    }
    return inputs;
}

function refreshValue(old: Value, now: Value, property: Property): Value {
    if (isMap(old) && isMap(now) && property.properties !== undefined) {
        return refreshInputs(old, now, property.properties);
    }
    // The formatting in the program may differ from the state's; both documents mean the same.
    if (property.kind === "policy" && typeof old === "string" && typeof now === "string") {
        return equivalentPolicies(old, now) ? old : now;
    }
    return now;
}

/**
 * The inputs after an import: everything that can be set and is not at its default or zero value, so that a program
 * with these inputs shows no change. (schema.go, extractSchemaInputs.)
 */
export function importInputs(state: ValueMap, schema: Schema): ValueMap {
    const inputs: ValueMap = {};
    for (const [key, property] of Object.entries(schema)) {
        const value = state[key];
        if (value === undefined || !isInput(property)) {
            continue;
        }
        const input = importValue(value, property);
        if (property.required === true || !isDefaultOrZero(input, property)) {
            inputs[key] = input;
        }
    }
    inputs[DEFAULTS] = [];
    return inputs;
}

function importValue(value: Value, property: Property): Value {
    if (isMap(value) && property.properties !== undefined) {
        return importInputs(value, property.properties);
    }
    const element = property.element;
    return Array.isArray(value) && element !== undefined ? value.map((item) => importValue(item, element)) : value;
}

function isDefaultOrZero(value: Value, property: Property): boolean {
    if (property.default !== undefined) {
        return equals(value, property.default);
    }
    return isZero(value) || (isMap(value) && Object.keys(value).every((key) => key === DEFAULTS));
}
