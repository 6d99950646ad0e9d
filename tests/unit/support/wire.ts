/**
 * Property values as the SDK sends them to the engine: unknown and secret values are marked by fixed strings.
 *
 * Source: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts (unknownValue, specialSigKey)
 */
const UNKNOWN_ON_THE_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** The placeholder of an unknown value after `decode`. */
export const UNKNOWN = "<unknown>";

export interface Decoded {
    value: unknown;
    /** The paths of the secret properties, such as `tags.team`. */
    secrets: string[];
}

/** Replaces unknown values by UNKNOWN and secrets by their plain value, and lists the paths of the secrets. */
export function decode(wire: unknown): Decoded {
    const secrets: string[] = [];
    return { value: plain(wire, "", secrets), secrets };
}

function plain(wire: unknown, path: string, secrets: string[]): unknown {
    if (wire === UNKNOWN_ON_THE_WIRE) {
        return UNKNOWN;
    }
    if (Array.isArray(wire)) {
        return wire.map((member, i) => plain(member, `${path}[${String(i)}]`, secrets));
    }
    if (typeof wire !== "object" || wire === null) {
        return wire;
    }
    const record = wire as Record<string, unknown>;
    if (record[SIGNATURE_KEY] === SECRET_SIGNATURE) {
        secrets.push(path);
        return plain(record["value"], path, secrets);
    }
    const entries = Object.entries(record);
    return Object.fromEntries(
        entries.map(([key, value]) => [key, plain(value, path === "" ? key : `${path}.${key}`, secrets)]),
    );
}
