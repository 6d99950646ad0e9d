import { Autonaming, autoName } from "./autoName";
import { coerceProperties, DEFAULTS, Report } from "./coerce";
import { policyProblem } from "./policyDocument";
import { isInput, Property, Schema } from "./schema";
import { tagsAll } from "./tags";
import { asStrings, isMap, UNKNOWN, Value, ValueMap } from "./values";

export interface CheckRequest {
    readonly olds: ValueMap;
    readonly news: ValueMap;
    readonly logicalName: string;
    readonly randomSeed: Uint8Array;
    readonly autonaming?: Autonaming;
    readonly defaultTags: Record<string, string>;
    /** The settings of the provider that apply to a regional resource (pulumi-aws provider/region.go, applyRegion). */
    readonly region: string;
}

export interface CheckFailure {
    readonly property: string;
    readonly reason: string;
}

export interface CheckResult {
    readonly inputs: ValueMap;
    readonly failures: CheckFailure[];
}

/** The inputs from which the resource will be created, typed, with defaults and names; and all problems with them. */
export function check(schema: Schema, request: CheckRequest): CheckResult {
    const failures: CheckFailure[] = [];
    const report: Report = (property, reason) => failures.push({ property, reason });
    const inputs = coerceProperties(request.news, schema, "", report);
    if (schema["region"] !== undefined) {
        inputs["region"] ??= request.region;
    }
    applyDefaults(inputs, schema, "", request, report);
    validate(inputs, schema, "", report);
    if (schema["tagsAll"] !== undefined) {
        inputs["tagsAll"] = tagsAll(inputs["tags"], request.defaultTags);
    }
    return { inputs, failures };
}

/**
 * Fills in the missing properties and records their names in `__defaults`. A value that is listed there in the old
 * inputs is kept, so that an automatic name does not change (pulumi-terraform-bridge pkg/tfbridge/schema.go,
 * applyDefaults).
 */
function applyDefaults(inputs: ValueMap, schema: Schema, path: string, request: CheckRequest, report: Report): void {
    const names: string[] = [];
    for (const [key, property] of Object.entries(schema)) {
        const value = inputs[key];
        if (isMap(value) && property.properties !== undefined) {
            applyDefaults(value, property.properties, join(path, key), request, report);
        } else if (Array.isArray(value) && property.element?.properties !== undefined) {
            const element = property.element.properties;
            value.filter(isMap).forEach((item) => applyDefaults(item, element, join(path, key), request, report));
        } else if (value === undefined && !conflictsWith(key, schema).some((other) => inputs[other] !== undefined)) {
            const filled = defaultValue(key, property, path, request, report);
            if (filled !== undefined) {
                inputs[key] = filled;
                names.push(key);
            }
        }
    }
    inputs[DEFAULTS] = names.sort();
}

function defaultValue(
    key: string,
    property: Property,
    path: string,
    request: CheckRequest,
    report: Report,
): Value | undefined {
    if (property.default !== undefined) {
        return property.default;
    }
    if (property.autoName === undefined) {
        return undefined;
    }
    if (path === "" && asStrings(request.olds[DEFAULTS]).includes(key) && request.olds[key] !== undefined) {
        return request.olds[key];
    }
    try {
        return autoName({ ...request, maxLength: property.autoName.maxLength });
    } catch (error) {
        report(join(path, key), error instanceof Error ? error.message : String(error));
        return undefined;
    }
}

function validate(inputs: ValueMap, schema: Schema, path: string, report: Report): void {
    for (const [key, property] of Object.entries(schema)) {
        const value = inputs[key];
        const propertyPath = join(path, key);
        if (value === undefined) {
            if (property.required === true && isInput(property)) {
                report(
                    propertyPath,
                    `Missing required argument. The argument "${key}" is required, but no definition was found.`,
                );
            }
            continue;
        }
        for (const other of property.conflictsWith ?? []) {
            if (inputs[other] !== undefined) {
                report(propertyPath, `Conflicting configuration arguments. "${key}" conflicts with ${other}`);
            }
        }
        validateValue(value, property, propertyPath, report);
    }
}

function validateValue(value: Value, property: Property, path: string, report: Report): void {
    if (value === UNKNOWN || value === null) {
        return;
    }
    const isPolicy = property.kind === "policy" && typeof value === "string";
    const problem = (isPolicy ? policyProblem(value) : undefined) ?? property.validate?.(value);
    if (problem !== undefined) {
        report(path, problem);
    }
    if (isMap(value) && property.properties !== undefined) {
        validate(value, property.properties, path, report);
    }
    const element = property.element;
    if (Array.isArray(value) && element !== undefined) {
        value.forEach((item, index) => validateValue(item, element, `${path}[${index}]`, report));
    }
}

function conflictsWith(key: string, schema: Schema): string[] {
    const declared = schema[key]?.conflictsWith ?? [];
    const reverse = Object.entries(schema).filter(([, property]) => property.conflictsWith?.includes(key) === true);
    return [...declared, ...reverse.map(([name]) => name)];
}

function join(path: string, key: string): string {
    return path === "" ? key : `${path}.${key}`;
}
