import { runtime } from "@pulumi/pulumi";

/** Properties without the engine's secret wrappers, and the names of the properties that contain a secret. */
export interface Unwrapped {
    readonly properties: Record<string, unknown>;
    readonly secrets: ReadonlySet<string>;
}

/**
 * Removes the secret wrappers. The SDK passes the engine's properties to a provider as they came over the wire.
 *
 * Source: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts (specialSecretSig)
 */
export function unwrapSecrets(properties: object): Unwrapped {
    const secrets = new Set<string>();
    const plain = Object.entries(properties).map(([name, value]) => [
        name,
        withoutWrappers(value, () => secrets.add(name)),
    ]);
    return { properties: Object.fromEntries(plain) as Record<string, unknown>, secrets };
}

function withoutWrappers(value: unknown, onSecret: () => void): unknown {
    if (typeof value !== "object" || value === null) {
        return value;
    }
    if (runtime.isRpcSecret(value)) {
        onSecret();
        return withoutWrappers(runtime.unwrapRpcSecret(value), onSecret);
    }
    return Array.isArray(value)
        ? value.map((element: unknown) => withoutWrappers(element, onSecret))
        : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutWrappers(inner, onSecret)]));
}

/**
 * Wraps the secrets again. Without the wrapper, the engine would save them to the state in plain text.
 *
 * A property that contains a secret anywhere is wrapped as a whole.
 */
export function wrapSecrets(properties: object, secrets: ReadonlySet<string>): Record<string, unknown> {
    // The wire format has no undefined.
    const known = JSON.parse(JSON.stringify(properties)) as object;
    return Object.fromEntries(
        Object.entries(known).map(([name, value]: [string, unknown]) => [
            name,
            secrets.has(name) ? { [runtime.specialSigKey]: runtime.specialSecretSig, value } : value,
        ]),
    );
}
