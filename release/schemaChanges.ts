import * as semver from "semver";

/** A change of the schema that a program in some language notices. */
export interface SchemaChange {
    readonly kind: "breaking" | "addition";
    /** What it is about, and what happened to it. */
    readonly what: string;
}

/** As much of a property as a program depends on: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
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

/** One thing in a schema that programs name. */
interface Entry {
    /** Two that are not the same are not the same type in a language that has types. */
    readonly type: string;
    /** Whether a program must give it; undefined for what programs do not give. */
    readonly required?: boolean;
}

/** From the schema of a release to the one of today, in the order of their paths. Descriptions and secrets are no part of it. */
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
        return { kind: "breaking", what: `${path} was ${before.type} and is ${after.type}` };
    }
    return before.required === after.required
        ? undefined
        : after.required === true
          ? { kind: "breaking", what: `${path} was optional and is required` }
          : { kind: "addition", what: `${path} was required and is optional` };
}

function entriesOf({ resources, types }: PackageSchema): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const [token, { inputProperties, requiredInputs, properties, required }] of Object.entries(resources)) {
        entries.set(token, { type: "a resource" });
        addGiven(entries, `${token}: the argument`, inputProperties, requiredInputs);
        for (const [name, property] of Object.entries(properties)) {
            const type = `${typeOf(property)}${required.includes(name) ? "" : ", if at all"}`;
            entries.set(`${token}: the output ${name}`, { type });
        }
    }
    for (const [token, { enum: members, properties = {}, required = [] }] of Object.entries(types)) {
        entries.set(token, { type: members === undefined ? "a type" : "an enum" });
        addGiven(entries, `${token}: the property`, properties, required);
        for (const { name, value } of members ?? []) {
            entries.set(`${token}: the member ${name}`, { type: JSON.stringify(value) });
        }
    }
    return entries;
}

function addGiven(entries: Map<string, Entry>, title: string, properties: Properties, required: readonly string[]) {
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
 * What forbids to release the schema of today under its version: before 1.0 a breaking change takes a new minor version, from
 * then on a major one, and an addition a minor one (docs/upgrades.md). The version of the release itself allows nothing.
 */
export function schemaVersionProblems(released: PackageSchema, current: PackageSchema): string[] {
    const step = semver.diff(released.version, current.version);
    const isLarge = step === "major" || (step === "minor" && semver.major(released.version) === 0);
    const allowed = isLarge ? ["breaking", "addition"] : step === "minor" ? ["addition"] : [];
    return schemaChanges(released, current)
        .filter(({ kind }) => !allowed.includes(kind))
        .map(({ kind, what }) => `${kind} since ${released.version}: ${what}`);
}
