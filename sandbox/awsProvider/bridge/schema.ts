import { Value } from "./values";

/**
 * A property of a resource type, as terraform-provider-aws declares it (`schema.Schema`) and pulumi-aws overrides it.
 *
 * - `string`, `integer`, `boolean`: scalars.
 * - `policy`: a string that holds an IAM policy document, compared by meaning.
 * - `map`: string keys and values. `list` and `set` have an `element`; a set has no order.
 * - `object`: a nested block that the bridge projects as one object (MaxItems 1).
 */
export type Kind = "string" | "integer" | "boolean" | "policy" | "map" | "list" | "set" | "object";

export interface Property {
    readonly kind: Kind;
    readonly required?: boolean;
    /** A change replaces the resource. */
    readonly forceNew?: boolean;
    /** AWS sets it when the program omits it (`Optional` and `Computed`). */
    readonly computed?: boolean;
    /** Only AWS sets it (`Computed` alone). */
    readonly output?: boolean;
    readonly default?: Value;
    /** Filled with `<logical name>-<7 hex digits>` when the program gives no name. */
    readonly autoName?: { readonly maxLength: number };
    readonly conflictsWith?: readonly string[];
    /** The real provider has it, the stand-in does not. */
    readonly notImplemented?: boolean;
    readonly element?: Property;
    readonly properties?: Schema;
    /** The problem with a known value. */
    readonly validate?: (value: Value) => string | undefined;
    /** `DiffSuppressFunc`: whether two values mean the same. */
    readonly equivalent?: (old: Value, now: Value) => boolean;
}

export type Schema = Readonly<Record<string, Property>>;

type Options = Omit<Property, "kind" | "element" | "properties">;

export const string = (options: Options = {}): Property => ({ kind: "string", ...options });
export const integer = (options: Options = {}): Property => ({ kind: "integer", ...options });
export const boolean = (options: Options = {}): Property => ({ kind: "boolean", ...options });
export const policy = (options: Options = {}): Property => ({ kind: "policy", ...options });
export const map = (options: Options = {}): Property => ({ kind: "map", element: string(), ...options });
export const strings = (kind: "list" | "set", options: Options = {}): Property => ({
    kind,
    element: string(),
    ...options,
});
export const blocks = (kind: "list" | "set", properties: Schema, options: Options = {}): Property => ({
    kind,
    element: { kind: "object", properties },
    ...options,
});
export const block = (properties: Schema, options: Options = {}): Property => ({
    kind: "object",
    properties,
    ...options,
});

/** An attribute that only AWS sets. */
export const output = (kind: Kind = "string"): Property => ({ kind, output: true });

/** A property that the real provider has; using it is an error that names it. */
export const notImplemented: Property = { kind: "string", notImplemented: true };

/** `tags` and `tags_all` (terraform-provider-aws internal/tags/tags.go). */
export const tagProperties = { tags: map(), tagsAll: map({ computed: true }) };

/**
 * Since v7 each regional resource has a `region`, which defaults to the provider's; a change replaces
 * (https://www.pulumi.com/registry/packages/aws/how-to-guides/enhanced-region-support/).
 */
export const regionProperty = { region: string({ computed: true, forceNew: true }) };

export function isInput(property: Property): boolean {
    return property.output !== true && property.notImplemented !== true;
}
