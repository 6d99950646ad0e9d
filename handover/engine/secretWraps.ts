import { runtime } from "@pulumi/pulumi";

/** Properties without the wraps in which the engine sends secrets, and the names of those that hold one. */
export interface Unwrapped {
    readonly properties: Record<string, unknown>;
    readonly secrets: ReadonlySet<string>;
}

/**
 * The SDK hands a provider the engine's properties as they came over the wire.
 *
 * Source: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts (specialSecretSig)
 */
export function unwrapped(properties: object): Unwrapped {
    const secrets = new Set<string>();
    const plain = Object.entries(properties).map(([name, value]) => [
        name,
        withoutWraps(value, () => secrets.add(name)),
    ]);
    return { properties: Object.fromEntries(plain) as Record<string, unknown>, secrets };
}

function withoutWraps(value: unknown, onSecret: () => void): unknown {
    if (typeof value !== "object" || value === null) {
        return value;
    }
    if (runtime.isRpcSecret(value)) {
        onSecret();
        return withoutWraps(runtime.unwrapRpcSecret(value), onSecret);
    }
    return Array.isArray(value)
        ? value.map((element: unknown) => withoutWraps(element, onSecret))
        : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutWraps(inner, onSecret)]));
}

/**
 * Properties as the engine takes them: a secret that went out without its wrap would be in the state in the clear. A property
 * that holds a secret somewhere is one as a whole.
 */
export function wrapped(properties: object, secrets: ReadonlySet<string>): Record<string, unknown> {
    // The wire has no undefined.
    const known = JSON.parse(JSON.stringify(properties)) as object;
    return Object.fromEntries(
        Object.entries(known).map(([name, value]: [string, unknown]) => [
            name,
            secrets.has(name) ? { [runtime.specialSigKey]: runtime.specialSecretSig, value } : value,
        ]),
    );
}
