import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isMap, UNKNOWN, Value, ValueMap } from "../bridge/values";

/**
 * The encoding of property values: google.protobuf.Struct with marked objects for secrets and marked strings for
 * unknown values (pulumi sdk/go/common/resource/plugin/rpc.go and pulumi sdk/nodejs/runtime/rpc.ts).
 */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
/** A string, number, boolean, list, map, … each has its own marker for "unknown". */
const UNKNOWNS = new Set([
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The secret parts of a value: all of it, or some of its keys. */
export type Secrets = true | { readonly [key: string]: Secrets };

export interface Received {
    readonly properties: ValueMap;
    readonly secrets: Secrets;
}

export function receive(struct: Struct | undefined): Received {
    const { value, secrets } = unwrap(struct?.toJavaScript() ?? {});
    return { properties: isMap(value) ? value : {}, secrets: secrets ?? {} };
}

/** Marks the parts as secret that were secret in the inputs, as the engine does for a provider that cannot. */
export function send(properties: ValueMap, secrets: Secrets): Struct {
    const wire = wrap(properties, secrets === true ? {} : secrets);
    return Struct.fromJavaScript(wire as { [key: string]: Wire });
}

/** The parts that are secret in any of them. */
export function union(...all: Secrets[]): Secrets {
    return all.reduce((left, right) => {
        if (left === true || right === true) {
            return true;
        }
        const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
        return Object.fromEntries(keys.map((key) => [key, union2(left[key], right[key])]));
    }, {});
}

function union2(left: Secrets | undefined, right: Secrets | undefined): Secrets {
    return left === undefined ? (right ?? {}) : right === undefined ? left : union(left, right);
}

type Wire = null | boolean | number | string | Wire[] | { [key: string]: Wire };

interface Unwrapped {
    readonly value: Value;
    readonly secrets?: Secrets;
}

function unwrap(wire: Wire): Unwrapped {
    if (typeof wire === "string") {
        return { value: UNKNOWNS.has(wire) ? UNKNOWN : wire };
    }
    if (Array.isArray(wire)) {
        const items = wire.map(unwrap);
        const secret = items.some((item) => item.secrets !== undefined);
        // A list has no keys to remember, so one secret element makes the whole list secret.
        return { value: items.map((item) => item.value), ...(secret ? { secrets: true as const } : {}) };
    }
    if (typeof wire !== "object" || wire === null) {
        return { value: wire };
    }
    switch (wire[SIGNATURE]) {
        case SECRET:
            return { value: unwrap(wire["value"] ?? null).value, secrets: true };
        case OUTPUT_VALUE: {
            const value = "value" in wire ? unwrap(wire["value"] ?? null).value : UNKNOWN;
            return { value, ...(wire["secret"] === true ? { secrets: true as const } : {}) };
        }
        case undefined:
            return unwrapMap(wire);
        default:
            throw new Error("assets, archives and resource references are not implemented by this stand-in");
    }
}

function unwrapMap(wire: { [key: string]: Wire }): Unwrapped {
    const value: ValueMap = {};
    const secrets: Record<string, Secrets> = {};
    for (const [key, item] of Object.entries(wire)) {
        const unwrapped = unwrap(item);
        value[key] = unwrapped.value;
        if (unwrapped.secrets !== undefined) {
            secrets[key] = unwrapped.secrets;
        }
    }
    return { value, ...(Object.keys(secrets).length > 0 ? { secrets } : {}) };
}

function wrap(value: Value, secrets: Secrets | undefined): Wire {
    if (secrets === true) {
        return { [SIGNATURE]: SECRET, value: wrap(value, undefined) };
    }
    if (value === UNKNOWN) {
        return UNKNOWN_STRING;
    }
    if (Array.isArray(value)) {
        return value.map((item) => wrap(item, undefined));
    }
    if (isMap(value)) {
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wrap(item, secrets?.[key])]));
    }
    return value;
}
