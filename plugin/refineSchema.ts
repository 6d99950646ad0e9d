/** A schema as far as it is gone through here: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Kept as secrets in the state of any program, whether or not the program says so. */
const SECRET_ARGUMENTS = ["kubeconfig"];

/**
 * Says what the SDK's analyzer cannot read off TypeScript's types, so that other languages have it as one would write it there.
 *
 * - TypeScript has one type of numbers. Every number here is whole, and a fraction is refused.
 * - The generators of SDKs add `Args` to the name of a type of arguments, so it does not end so by itself.
 * - No type says that an argument is a secret.
 */
export function refinedSchema(schema: string): string {
    const whole = schema
        .replaceAll(/"type":\s*"number"/g, '"type":"integer"')
        .replaceAll(/(eks-cni:index:\w+)Args"/g, '$1"');
    return JSON.stringify(JSON.parse(whole, withSecrets));
}

function withSecrets(name: string, value: Json): Json {
    return SECRET_ARGUMENTS.includes(name) && typeof value === "object" && value !== null && !Array.isArray(value)
        ? { ...value, secret: true }
        : value;
}
