import { isInput, type Property, type Schema } from "./bridge/schema";
import { RESOURCE_TYPES } from "./resources";

type Json = { readonly [key: string]: unknown };

/**
 * The package schema, which YAML programs need: their language host looks up types and properties in it. It has the types and properties that the
 * stand-in implements, so that the host refuses the others by name. It has no functions.
 */
export function packageSchema(version: string): Json {
    const types: Record<string, Json> = {};
    const resources = RESOURCE_TYPES.map(({ token, schema }) => {
        // The real provider has tagsAll as an output.
        const inputs = Object.entries(schema).filter(([name, property]) => isInput(property) && name !== "tagsAll");
        const outputs = Object.entries(schema).filter(([, { notImplemented }]) => notImplemented !== true);
        const resource = {
            inputProperties: propertiesOf(token, inputs, types),
            requiredInputs: inputs.flatMap(([name, { required }]) => (required === true ? [name] : [])),
            properties: propertiesOf(token, outputs, types),
        };
        return [token, resource] as const;
    });
    return {
        name: "aws",
        version,
        meta: { moduleFormat: "(.*)(?:/[^/]*)" },
        resources: Object.fromEntries(resources),
        types,
    };
}

function propertiesOf(
    token: string,
    properties: readonly (readonly [string, Property])[],
    types: Record<string, Json>,
) {
    return Object.fromEntries(
        properties.map(([name, property]) => [name, typeOf(`${token}${capitalised(name)}`, property, types)]),
    );
}

/** A nested block is a type of its own, under the name of the resource and the property. */
function typeOf(token: string, { kind, element, properties = {} }: Property, types: Record<string, Json>): Json {
    switch (kind) {
        case "policy":
            return { type: "string" };
        case "map":
            return { type: "object", additionalProperties: element && typeOf(token, element, types) };
        case "list":
        case "set":
            return { type: "array", items: element && typeOf(token, element, types) };
        case "object":
            types[token] = { type: "object", ...nested(token, properties, types) };
            return { $ref: `#/types/${token}` };
        default:
            return { type: kind };
    }
}

function nested(token: string, schema: Schema, types: Record<string, Json>): Json {
    const implemented = Object.entries(schema).filter(([, { notImplemented }]) => notImplemented !== true);
    return {
        properties: propertiesOf(token, implemented, types),
        required: implemented.flatMap(([name, { required }]) => (required === true ? [name] : [])),
    };
}

function capitalised(name: string): string {
    return name.charAt(0).toUpperCase() + name.slice(1);
}
