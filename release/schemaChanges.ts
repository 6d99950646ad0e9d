import * as semver from "semver";

/** A change of the schema that affects programs in some language. */
export interface SchemaChange {
    readonly kind: "breaking" | "addition";
    /** The entry, and how it changed. */
    readonly what: string;
}

/** The parts of a property that programs depend on: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
export interface PropertySchema {
    readonly type?: string | undefined;
    readonly $ref?: string | undefined;
    readonly plain?: boolean | undefined;
    readonly items?: PropertySchema | undefined;
    readonly additionalProperties?: PropertySchema | undefined;
    readonly default?: unknown;
}

type Properties = Readonly<Record<string, PropertySchema>>;

export interface PackageSchema {
    readonly version: string;
    readonly resources: Readonly<
        Record<
            string,
            {
                readonly inputProperties: Properties;
                readonly requiredInputs: readonly string[];
                readonly properties: Properties;
                readonly required: readonly string[];
            }
        >
    >;
    readonly types: Readonly<
        Record<
            string,
            {
                readonly enum?: readonly { readonly name: string; readonly value: string }[];
                readonly properties?: Properties;
                readonly required?: readonly string[];
            }
        >
    >;
}

/** An element of a schema that programs refer to by name. */
interface Entry {
    /** If it differs, the type differs in statically typed languages. */
    readonly type: string;
    /** Whether a program must set it. Undefined for elements that programs do not set. */
    readonly required?: boolean;
}

/** The changes from a released schema to the current one, sorted by path. Descriptions and secrets do not count. */
export function schemaChanges(released: PackageSchema, current: PackageSchema): SchemaChange[] {
    const [before, after] = [entriesOf(released), entriesOf(current)];
    const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
    return paths.flatMap((path) => changeOf(path, before.get(path), after.get(path)) ?? []);
}

function changeOf(path: string, before: Entry | undefined, after: Entry | undefined): SchemaChange | undefined {
    if (before === undefined || after === undefined) {
        return before !== undefined
            ? { kind: "breaking", what: `${path} is gone` }
            : after?.required === true
              ? { kind: "breaking", what: `${path} is new and required` }
              : { kind: "addition", what: `${path} is new` };
    }
    if (before.type !== after.type) {
        return { kind: "breaking", what: `${path} was ${before.type} and is now ${after.type}` };
    }
    return before.required === after.required
        ? undefined
        : after.required === true
          ? { kind: "breaking", what: `${path} was optional and is now required` }
          : { kind: "addition", what: `${path} was required and is now optional` };
}

function entriesOf({ resources, types }: PackageSchema): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const [token, { inputProperties, requiredInputs, properties, required }] of Object.entries(resources)) {
        entries.set(token, { type: "a resource" });
        addInputs(entries, `${token}: the argument`, inputProperties, requiredInputs);
        for (const [name, property] of Object.entries(properties)) {
            const type = `${typeOf(property)}${required.includes(name) ? "" : ", if at all"}`;
            entries.set(`${token}: the output ${name}`, { type });
        }
    }
    for (const [token, { enum: members, properties = {}, required = [] }] of Object.entries(types)) {
        entries.set(token, { type: members === undefined ? "a type" : "an enum" });
        addInputs(entries, `${token}: the property`, properties, required);
        for (const { name, value } of members ?? []) {
            entries.set(`${token}: the member ${name}`, { type: JSON.stringify(value) });
        }
    }
    return entries;
}

function addInputs(entries: Map<string, Entry>, title: string, properties: Properties, required: readonly string[]) {
    for (const [name, property] of Object.entries(properties)) {
        entries.set(`${title} ${name}`, { type: typeOf(property), required: required.includes(name) });
    }
}

function typeOf({ type, $ref, plain, items, additionalProperties, default: value }: PropertySchema): string {
    const own = $ref?.replace("#/types/", "") ?? type ?? "anything";
    const inner = items ?? additionalProperties;
    return [
        ...(plain === true ? ["plain"] : []),
        inner === undefined ? own : `${own} of ${typeOf(inner)}`,
        ...(value === undefined ? [] : [`by default ${JSON.stringify(value)}`]),
    ].join(" ");
}

/**
 * The changes that the current schema's version does not allow. A breaking change needs a new minor version before 1.0 and a new
 * major version after it, and an addition needs a new minor version (docs/upgrades.md). A patch version allows neither.
 */
export function schemaVersionProblems(released: PackageSchema, current: PackageSchema): string[] {
    const step = semver.diff(released.version, current.version);
    const isLarge = step === "major" || (step === "minor" && semver.major(released.version) === 0);
    const allowed = isLarge ? ["breaking", "addition"] : step === "minor" ? ["addition"] : [];
    return schemaChanges(released, current)
        .filter(({ kind }) => !allowed.includes(kind))
        .map(({ kind, what }) => `${kind} since ${released.version}: ${what}`);
}
